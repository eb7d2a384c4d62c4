// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { EgressClient } from '../../net/egress-client.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import type { Access } from '../access.ts';
import { googleAuth } from './google-auth.ts';
import { CredentialError } from '../credential-error.ts';

const SCOPES = ['https://www.googleapis.com/auth/devstorage.read_write'];
const servers: Server[] = [];
const doors: EgressClient[] = [];
after(async () => {
  for (const egress of doors) await egress.close();
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return new URL(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`);
}

/** Access with one Secret, and a egress to one place. */
function access(secret: Readonly<Record<string, Uint8Array>> | undefined, ...allow: readonly string[]): Access {
  const egress = new EgressClient({ allow });
  doors.push(egress);
  return {
    objects: {
      getSecret: () => Promise.resolve(secret),
      getTypedSecret: () => Promise.resolve(undefined),
      getConfigMap: () => Promise.resolve(undefined),
      getServiceAccount: () => Promise.resolve(undefined),
    },
    tokens: { token: () => Promise.reject(new CredentialError('Forbidden', 'no tokens in this test')) },
    egress,
    clock: new ManualClock(),
  };
}

const identity = { type: 'Secret', namespace: 'team', secretName: 'google' } as const;
const secret = { access_token: Buffer.from('planted-token\n') };

describe("an identity for Google's client libraries", () => {
  it('sends requests through the egress, with its token', async () => {
    const seen: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      seen.push(request);
      text(request).then(
        (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ body })),
        () => response.destroy(),
      );
    });
    const client = await googleAuth({ identity, scopes: SCOPES }, access(secret, url.host));
    const { data } = await client.request<object>({ url, method: 'POST', data: { evidence: 1 } });
    assert.deepEqual(data, { body: '{"evidence":1}' });
    assert.equal(seen[0]?.headers.authorization, 'Bearer planted-token');
    assert.equal((await client.getRequestHeaders()).get('authorization'), 'Bearer planted-token');
  });

  it('opens no connection that the rules forbid, and takes no more than it is to', async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked += 1;
      response.end('x'.repeat(2000));
    });
    const forbidden = await googleAuth({ identity, scopes: SCOPES }, access(secret));
    await assert.rejects(forbidden.request({ url }), /outbound\.allow/);
    assert.equal(asked, 0);
    const small = await googleAuth({ identity, scopes: SCOPES, maxResponseBytes: 1000 }, access(secret, url.host));
    await assert.rejects(small.request({ url }), /more than 1000 bytes/);
  });

  it('does not take the answer of another host for that of the API', async () => {
    const elsewhere = await serve((_request, response) => response.end('{}'));
    const url = await serve((_request, response) => response.writeHead(302, { location: elsewhere.href }).end());
    const client = await googleAuth({ identity, scopes: SCOPES }, access(secret, url.host, elsewhere.host));
    await assert.rejects(client.request({ url }), /another host/);
  });

  it('names what is missing, and shows its token to no one', async () => {
    const client = await googleAuth({ identity, scopes: SCOPES }, access(undefined));
    await assert.rejects(client.getRequestHeaders(), /Secret "team\/google" does not exist/);
    const ready = await googleAuth({ identity, scopes: SCOPES }, access(secret));
    await ready.getRequestHeaders();
    assert.ok(!inspect(ready, { depth: 12, showHidden: true }).includes('planted-token'));
  });

  it('is not made of settings that cannot work', async () => {
    const account = { type: 'ServiceAccount', namespace: 'team', serviceAccountName: 'signer' } as const;
    const workloadIdentityProvider = 'projects/1/locations/global/workloadIdentityPools/p/providers/q';
    await assert.rejects(googleAuth({ identity: account, scopes: SCOPES }, access(secret)), /workloadIdentityProvider/);
    const wrong = { identity: account, workloadIdentityProvider, serviceAccountEmail: 'a@b:x/y', scopes: SCOPES };
    await assert.rejects(googleAuth(wrong, access(secret)), /serviceAccountEmail/);
    const right = { identity: account, workloadIdentityProvider, scopes: SCOPES };
    await assert.rejects((await googleAuth(right, access(secret))).getRequestHeaders(), CredentialError);
  });
});
