// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer, get as httpGet } from 'node:http';
import type { Server } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { onBehalfOf } from '../../runtime/tenant.ts';
import type { NameResolver } from './name-resolver.ts';
import { NameLookups } from './name-lookups.ts';
import { EgressClient } from '../egress-client.ts';
import { causesOf } from '../../runtime/errors/causes-of.ts';
import { EgressError } from '../egress-error.ts';

const never = new AbortController().signal;
/** Both are this machine; the operator allows the second alone. */
const SECRET = '127.0.0.1';
const ALLOWED = '127.0.0.2';

type Way = (egress: EgressClient, hostname: string, port: number) => Promise<unknown>;

/** Each way through the egress by which a name is looked up. */
const ways: Readonly<Record<string, Way>> = {
  'egress.request': (egress, hostname, port) =>
    egress.request({ method: 'GET', url: new URL(`http://${hostname}:${port}/`) }, never),
  'egress.agents': (egress, hostname, port) =>
    new Promise((resolve, reject) => {
      const agent = egress.agents().http;
      httpGet({ host: hostname, port, agent }, (response) => {
        response.resume();
        response.on('end', () => {
          agent.destroy();
          resolve(undefined);
        });
      }).on('error', reject);
    }),
  'egress.connect': async (egress, hostname, port) => {
    (await egress.connect({ hostname, port }, never)).destroy();
  },
  'egress.lookup': (egress, hostname, port) =>
    new Promise((resolve, reject) => {
      egress.lookup(port)(hostname, { all: true }, (error, addresses) => {
        if (error === null) resolve(addresses);
        else reject(error);
      });
    }),
};

class Bed {
  readonly clock = new ManualClock();
  addresses: readonly string[] = [ALLOWED];
  asked = 0;
  readonly egress: EgressClient;

  constructor(allow: readonly string[] = [ALLOWED]) {
    const resolver: NameResolver = {
      resolve: (name) => {
        this.asked += 1;
        if (name.startsWith('slow-')) return new Promise(() => undefined);
        const addresses = this.addresses.map((address) => ({ address, family: 4 }));
        return Promise.resolve({ addresses, ttlSeconds: 20 });
      },
    };
    this.egress = new EgressClient({ allow }, new NameLookups({ resolver, clock: this.clock }));
  }
}

describe('guardedLookup', () => {
  let server: Server;
  let port: number;

  before(async () => {
    server = createServer((_request, response) => response.setHeader('connection', 'close').end('here'));
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    port = address.port;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  for (const [name, reach] of Object.entries(ways)) {
    it(`${name}: counts a look-up for its tenant, so that no name of many others holds it up`, async () => {
      const bed = new Bed();
      for (let tenant = 0; tenant < 20; tenant += 1) {
        onBehalfOf(`hostile-${tenant}`, () => {
          for (let index = 0; index < 50; index += 1) {
            bed.egress.connect({ hostname: `slow-${index}.t${tenant}.example`, port }, never).catch(() => undefined);
          }
        });
      }
      await bed.clock.settle();
      for (let index = 0; index < 5; index += 1)
        await onBehalfOf('honest', () => reach(bed.egress, `registry-${index}.example`, port));
      await bed.clock.advance(10_000);
      await bed.egress.close();
    });

    it(`${name}: a name of one tenant that is slow fails after five seconds with its name`, async () => {
      const bed = new Bed();
      const failed = assert.rejects(reach(bed.egress, 'slow-1.example', port), (error: unknown) => {
        assert.ok(error instanceof Error);
        const { message, cause = {} } = error;
        assert.match(`${message} ${String(cause)}`, /ETIMEOUT|"slow-1\.example" was not resolved in time/);
        return true;
      });
      await bed.clock.settle();
      await bed.clock.advance(5_000);
      await failed;
      await bed.egress.close();
    });

    it(`${name}: an answer that is kept is judged for each connection, and one that changes too`, async () => {
      const bed = new Bed([`${ALLOWED}:${port}`]);
      await reach(bed.egress, 'rebinding.example', port);
      // The same answer, for a port that is not allowed.
      await assert.rejects(reach(bed.egress, 'rebinding.example', port + 1), isForbidden);
      bed.addresses = [SECRET];
      await reach(bed.egress, 'rebinding.example', port);
      assert.equal(bed.asked, 1);
      await bed.clock.advance(20_000);
      await assert.rejects(reach(bed.egress, 'rebinding.example', port), isForbidden);
      // A refusal is no answer of the name: it is judged anew as well.
      await assert.rejects(reach(bed.egress, 'rebinding.example', port), isForbidden);
      assert.equal(bed.asked, 2);
      await bed.egress.close();
    });
  }

  it('lets a caller go at once who aborts while a name is looked up', async () => {
    const bed = new Bed();
    const abort = new AbortController();
    const url = new URL(`http://slow-2.example:${port}/`);
    const reasons: unknown[] = [];
    for (const asked of [
      bed.egress.connect({ hostname: 'slow-1.example', port }, abort.signal),
      bed.egress.request({ method: 'GET', url }, abort.signal),
    ]) {
      asked.catch((error: unknown) => reasons.push(error));
    }
    await bed.clock.settle();
    const reason = new Error('stop');
    abort.abort(reason);
    await bed.clock.settle();
    assert.deepEqual(reasons, [reason, reason]);
    await bed.clock.advance(10_000);
    await bed.egress.close();
  });
});

function isForbidden(error: unknown): boolean {
  const reasons = causesOf(error).map((each) => (each instanceof EgressError ? each.reason : undefined));
  assert.ok(reasons.includes('EndpointForbidden'), String(error));
  return true;
}
