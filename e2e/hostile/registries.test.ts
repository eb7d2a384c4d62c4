// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { at } from '../chart/helm.ts';
import { KEY_SECRET } from '../harness/team.ts';
import { storageOf } from '../harness/record.ts';
import { dockerConfigOf } from '../testbed/registry/credentials.ts';
import { freePort } from '../testbed/processes/free-port.ts';
import { HostileBed } from './hostile-bed.ts';
import { Trap } from './trap.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const password = 'planted-registry-password-7';

/** Each host has its own. */
function credentialsOf(host: string): { readonly username: string; readonly password: string } {
  return { username: 'baker', password: `${password}-${host}` };
}

describe('a registry that a run names', () => {
  let bed: HostileBed;
  /** One that the operator may reach, and two that it may not. */
  const registry = new Trap();
  const internal = new Trap();
  const stranger = new Trap();
  let runs = 0;

  before(async () => {
    await registry.start(await freePort());
    await internal.start(await freePort());
    await stranger.start(await freePort());
    bed = await HostileBed.start({ label: 'hostile-registries', outbound: [registry.host] });
    const logins = [registry, internal, stranger].map(({ host }) => [host, credentialsOf(host)] as const);
    await bed.installation.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'push', namespace: bed.team.name },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': dockerConfigOf(logins) },
    });
    await bed.installation.patch(bed.team.name, 'serviceaccount/builder', { secrets: [{ name: 'push' }] });
  });
  after(async () => {
    await bed.stop();
    await Promise.all([registry, internal, stranger].map((trap) => trap.stop()));
  });
  afterEach(() => bed.assertUnharmed());

  /** A finished run that says it built an image on this host. */
  async function runOn(host: string): Promise<{ readonly name: string; readonly uid: string }> {
    runs += 1;
    const name = `astray-${runs}`;
    const run = await bed.runs.create({ name });
    const results = [
      { name: 'IMAGE_URL', type: 'string', value: `${host}/team/app` },
      { name: 'IMAGE_DIGEST', type: 'string', value: digest },
    ];
    await bed.runs.finish(run, { results });
    return { name, uid: String(at(run, 'metadata', 'uid')) };
  }

  async function assertRefused(host: string, reason: string, message: RegExp): Promise<void> {
    const run = await runOn(host);
    await bed.recordWithReason(run, reason);
    // The refusal is reported without waiting for a slow backend.
    const isKeptBeside = (found: ProvenanceRecord): boolean =>
      found.status?.reason === reason && storageOf(found, 'tekton')?.state === 'Stored';
    const record = await bed.recordWhen('is refused, and held by the other backend all the same', run, isKeptBeside);
    assert.match(storageOf(record, 'registry')?.message ?? '', message);
    assert.equal(storageOf(record, 'registry')?.state, 'Pending');
    assert.doesNotMatch(JSON.stringify(record), new RegExp(password));
  }

  const forbidden = [
    '169.254.169.254',
    '169.254.169.254:80',
    '[::1]:5000',
    '127.0.0.1:1',
    '0.0.0.0:22',
    '2130706433:22',
  ];
  for (const host of forbidden) {
    it(`is not reached at ${host}: EndpointForbidden`, () =>
      assertRefused(host, 'EndpointForbidden', /does not connect to/));
  }

  it('is not connected to at a loopback port that is not allowed, by no other name either', async () => {
    const port = internal.host.split(':')[1] ?? '';
    for (const host of [internal.host, `localhost:${port}`, `[::ffff:127.0.0.1]:${port}`, `127.1:${port}`]) {
      await assertRefused(host, 'EndpointForbidden', /does not connect to/);
    }
    assert.equal(internal.connections, 0);
  });

  it('cannot send the operator to a forbidden token service', async () => {
    for (const host of [internal.host, '169.254.169.254', '[fd00:ec2::254]', `2130706433:${internal.host.slice(10)}`]) {
      registry.answer = (_request, response) => {
        const challenge = `Bearer realm="http://${host}/token",service="x"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      };
      await assertRefused(registry.host, 'EndpointForbidden', /does not connect to/);
    }
    assert.equal(internal.connections, 0);
  });

  it('cannot redirect the operator to a forbidden place', async () => {
    registry.answer = (_request, response) => {
      response.writeHead(307, { location: `http://${internal.host}/v2/` }).end();
    };
    await assertRefused(registry.host, 'EndpointForbidden', /does not connect to/);
    assert.equal(internal.connections, 0);
  });

  it('is shown its own credentials, and none under another name', async () => {
    registry.answer = (request, response) => {
      if (request.headers.authorization !== undefined) response.writeHead(404).end();
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    };
    await assertRefused(registry.host, 'BackendRejected', /answers 404; check that the repository exists/);
    const alias = registry.host.replace('127.0.0.1', 'localhost');
    await assertRefused(alias, 'BackendUnauthorized', /credentials/);
    const byAlias = registry.requests.filter(({ headers }) => headers.host === alias);
    assert.ok(byAlias.length > 0);
    assert.deepEqual([...new Set(byAlias.map(({ headers }) => headers.authorization))], [undefined]);
  });

  it('cannot exhaust the operator with an answer that never ends', async () => {
    let sentBytes = 0;
    registry.answer = (request, response) => {
      response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' });
      if (request.method === 'HEAD') {
        response.end();
        return;
      }
      const chunk = Buffer.alloc(64 * 1024, 'a');
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) sentBytes += chunk.length;
      };
      response.on('drain', more);
      more();
    };
    await assertRefused(registry.host, 'BackendRejected', /larger|longer|more than|too large/i);
    assert.ok(sentBytes < 64 * 1024 * 1024, `${sentBytes} bytes were read`);
  });

  it('cannot keep the operator from other work with an answer that never comes', async () => {
    registry.answer = () => undefined;
    const stuck = await runOn(registry.host);
    // Another run is signed and stored while this one waits.
    await bed.assertUnharmed();
    const record = await bed.recordWhen(
      'has its first status',
      stuck,
      ({ status }) => status?.storage?.some(({ state }) => state === 'Stored') === true,
    );
    assert.equal(storageOf(record, 'tekton')?.state, 'Stored');
    registry.answer = (_request, response) => response.writeHead(500).end();
  });

  it('never got the credentials of another host, and the forbidden ones got nothing at all', () => {
    const { username, password: own } = credentialsOf(registry.host);
    const sent = registry.requests.map(({ headers }) => headers.authorization ?? '');
    assert.deepEqual([...new Set(sent)].toSorted(), [
      '',
      `Basic ${Buffer.from(`${username}:${own}`).toString('base64')}`,
    ]);
    assert.equal(internal.connections + stranger.connections, 0);
    assert.doesNotMatch(bed.operator.log(), new RegExp(`${password}|${KEY_SECRET}.*PRIVATE`));
  });
});
