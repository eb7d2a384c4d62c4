// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { EffectiveOCI } from '../../../api/v1alpha1/storage-backend/defaults.ts';
import type { Access } from '../../../credentials/access.ts';
import type { ReadOptions, TypedSecret } from '../../../credentials/object-reader.ts';
import { EgressClient } from '../../../net/egress-client.ts';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import { reasonOf } from '../../reason-of.fixture.ts';
import { runFixture } from '../../run.fixture.ts';
import { AnsweringServer } from './answering-server.fixture.ts';
import type { RegistryActions } from './memory/repository-memory.ts';
import { RegistryAccess } from './registry-access.ts';

const never = new AbortController().signal;
const base: EffectiveOCI = {
  encoding: 'CosignTags',
  authentication: { type: 'RunServiceAccount' },
  tls: { insecure: false },
};

describe('what a driver remembers of a registry', () => {
  let registry: AnsweringServer;
  let tokens: AnsweringServer;
  let egress: EgressClient;
  let clock: ManualClock;
  /** Passwords by namespace, as the cluster has them, and as a copy of up to 30 s has them. */
  let passwords: Map<string, string>;
  let copies: Map<string, string>;
  let freshReads: number;
  let life: { readonly expires_in?: unknown };
  /** The tokens that the registry accepts. */
  let valid: Set<string>;
  let given: number;

  before(async () => {
    [registry, tokens] = await Promise.all([AnsweringServer.start(), AnsweringServer.start()]);
    egress = new EgressClient({ allow: [registry.host, tokens.host] });
  });
  beforeEach(() => {
    clock = new ManualClock();
    passwords = new Map([
      ['team-a', 'planted-a'],
      ['team-b', 'planted-b'],
    ]);
    copies = new Map();
    freshReads = 0;
    life = { expires_in: 300 };
    valid = new Set();
    given = 0;
    for (const server of [registry, tokens]) server.forget();
    // Each token names whom it was given to: "<password> <number>".
    tokens.answer = ({ headers }, response) => {
      given += 1;
      const token = `${passwordIn(headers.authorization)}.${given}`;
      valid.add(`Bearer ${token}`);
      response.end(JSON.stringify({ token, ...life }));
    };
    registry.answer = ({ headers }, response) => {
      const isKnown = valid.has(headers.authorization ?? '');
      const challenge = { 'www-authenticate': `Bearer realm="http://${tokens.host}/token",service="x"` };
      response.writeHead(isKnown ? 404 : 401, isKnown ? {} : challenge).end();
    };
  });
  after(async () => {
    await egress.close();
    await Promise.all([registry.stop(), tokens.stop()]);
  });

  function passwordIn(authorization = ''): string {
    const [, password = 'anybody'] = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':');
    return password;
  }

  function secretOf(namespace: string, { maxAgeMs }: ReadOptions = {}): Promise<TypedSecret | undefined> {
    if (maxAgeMs !== undefined) {
      freshReads += 1;
      copies.delete(namespace);
    }
    const password = copies.get(namespace) ?? passwords.get(namespace);
    if (password === undefined) return Promise.resolve(undefined);
    copies.set(namespace, password);
    const auths = { [registry.host]: { username: 'baker', password } };
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })) };
    return Promise.resolve({ type: 'kubernetes.io/dockerconfigjson', annotations: {}, data });
  }

  function access(oci: EffectiveOCI = base): RegistryAccess {
    const refuse = (): never => {
      throw new Error('nothing else is asked for');
    };
    const context: Access = {
      objects: {
        getSecret: refuse,
        getConfigMap: refuse,
        getTypedSecret: (namespace, _name, _signal, options) => secretOf(namespace, options),
        getServiceAccount: () => Promise.resolve({ secretNames: ['push'] }),
      },
      tokens: { token: refuse },
      egress,
      clock,
    };
    const spec = { type: 'OCI', selector: {}, keys: 'Reference', acceptFrom: [], artifacts: [], oci } as const;
    return new RegistryAccess({ kind: 'ClusterStorageBackend', name: 'all', namespace: 'ops', spec }, oci, context);
  }

  interface Call {
    readonly namespace?: string;
    readonly path?: string;
    readonly actions?: RegistryActions;
  }

  /** One call of a driver. @returns the Authorization headers that the registry saw */
  async function call(through: RegistryAccess, named: Call = {}): Promise<readonly (string | undefined)[]> {
    const { namespace = 'team-a', path = 'team/app', actions = 'pull,push' } = named;
    registry.forget();
    const registries = await through.open(runFixture({ namespace }), never);
    const client = await registries.client({ registry: registry.host, path }, actions);
    await client.getManifest('latest', never);
    return registry.requests.map(({ headers }) => headers.authorization);
  }

  it('is a token, for as long as it lives', async () => {
    const through = access();
    assert.deepEqual(await call(through), [undefined, 'Bearer planted-a.1']);
    assert.deepEqual(await call(through), ['Bearer planted-a.1']);
    await clock.advance(269_000);
    assert.deepEqual(await call(through), ['Bearer planted-a.1']);
    await clock.advance(1000);
    assert.deepEqual(await call(through), [undefined, 'Bearer planted-a.2']);
  });

  for (const stated of [{}, { expires_in: 'soon' }, { expires_in: -1 }, { expires_in: 0 }]) {
    it(`is a token for less than a minute when its answer states ${JSON.stringify(stated)}`, async () => {
      life = stated;
      const through = access();
      await call(through);
      await clock.advance(44_000);
      assert.equal((await call(through)).length, 1);
      await clock.advance(1000);
      assert.equal((await call(through)).length, 2);
    });
  }

  it('is nothing older than ten minutes, whatever a token service claims', async () => {
    life = { expires_in: 1e300 };
    const through = access();
    await call(through);
    await clock.advance(599_000);
    assert.equal((await call(through)).length, 1);
    await clock.advance(1000);
    assert.equal((await call(through)).length, 2);
  });

  it('is exchanged once when the registry refuses a token before its end', async () => {
    const through = access();
    await call(through);
    valid.clear();
    assert.deepEqual(await call(through), ['Bearer planted-a.1', 'Bearer planted-a.2']);
    assert.deepEqual(await call(through), ['Bearer planted-a.2']);
    tokens.answer = (_request, response) => response.writeHead(401).end('{}');
    valid.clear();
    assert.equal(await reasonOf(call(through)), 'BackendUnauthorized');
    // A token that was refused is not shown again.
    assert.equal(await reasonOf(call(through)), 'BackendUnauthorized');
    assert.deepEqual(
      registry.requests.map(({ headers }) => headers.authorization),
      [undefined],
    );
  });

  it('serves no other tenant, not even one with the same password, nor one without any', async () => {
    const through = access();
    await call(through);
    assert.deepEqual(await call(through, { namespace: 'team-b' }), [undefined, 'Bearer planted-b.2']);
    passwords.set('team-c', 'planted-a');
    assert.deepEqual(await call(through, { namespace: 'team-c' }), [undefined, 'Bearer planted-a.3']);
    assert.deepEqual(await call(through, { namespace: 'team-d' }), [undefined, 'Bearer anybody.4']);
    assert.deepEqual(await call(through), ['Bearer planted-a.1']);
  });

  it('serves no other repository, and no push where it was given for reading', async () => {
    const through = access();
    await call(through, { actions: 'pull' });
    assert.deepEqual(await call(through, { path: 'team/other' }), [undefined, 'Bearer planted-a.2']);
    assert.deepEqual(await call(through), [undefined, 'Bearer planted-a.3']);
    assert.deepEqual(await call(through, { actions: 'pull' }), ['Bearer planted-a.3']);
    const scopes = tokens.requests.map(({ url = '' }) => new URL(url, 'http://x').searchParams.get('scope'));
    assert.deepEqual(scopes, [
      'repository:team/app:pull',
      'repository:team/other:pull,push',
      'repository:team/app:pull,push',
    ]);
  });

  it('serves no other credential: a rotated Secret never meets a token of the former one', async () => {
    const through = access();
    await call(through);
    passwords.set('team-a', 'planted-new');
    copies.clear();
    assert.deepEqual(await call(through), [undefined, 'Bearer planted-new.2']);
    passwords.delete('team-a');
    copies.clear();
    assert.deepEqual(await call(through), [undefined, 'Bearer anybody.3']);
  });

  it('is read again at once when the registry refuses the copy of a Secret, in the same call', async () => {
    const through = access();
    tokens.answer = ({ headers }, response) => {
      const password = passwordIn(headers.authorization);
      if (password === passwords.get('team-a')) {
        valid.add(`Bearer ${password}`);
        response.end(JSON.stringify({ token: password }));
      } else response.writeHead(401).end('{}');
    };
    await call(through);
    passwords.set('team-a', 'planted-new');
    valid.clear();
    assert.deepEqual(await call(through), ['Bearer planted-a', undefined, 'Bearer planted-new']);
    assert.deepEqual(await call(through), ['Bearer planted-new']);
    assert.equal(freshReads, 1);
  });

  it('is read again once for a call whose credentials never work', async () => {
    tokens.answer = (_request, response) => response.writeHead(401).end('{}');
    const refused = reasonOf(call(access()), /tried Secret team-a\/push; give/);
    assert.equal(await refused, 'BackendUnauthorized');
    assert.deepEqual([registry.requests.length, tokens.requests.length, freshReads], [1, 1, 1]);
  });

  it('is that a password was accepted, and not the password', async () => {
    registry.answer = ({ headers }, response) => {
      const isKnown = headers.authorization !== undefined && passwordIn(headers.authorization) === 'planted-a';
      response.writeHead(isKnown ? 404 : 401, isKnown ? {} : { 'www-authenticate': 'Basic realm="x"' }).end();
    };
    const through = access();
    assert.equal((await call(through)).length, 2);
    assert.equal((await call(through)).length, 1);
    const registries = await through.open(runFixture({ namespace: 'team-a' }), never);
    const { memory } = await registries.session({ registry: registry.host, path: 'team/app' }, 'pull');
    assert.deepEqual(memory.accepted('pull'), { position: 0, actions: 'pull,push' });
  });

  it('serves no probe, which has to find out', async () => {
    const through = access();
    await call(through);
    const probe = await through.open(runFixture({ namespace: 'team-a' }), never, { isProbe: true });
    const session = await probe.session({ registry: registry.host, path: 'team/app' }, 'pull,push');
    registry.forget();
    await session.request({ method: 'GET', target: '/v2/', doing: 'reaching it' }, never);
    assert.deepEqual(
      registry.requests.map(({ headers }) => headers.authorization),
      [undefined, 'Bearer planted-a.2'],
    );
  });

  it('is gone when the backend is closed', async () => {
    const through = access();
    await call(through);
    through.close();
    assert.deepEqual(await call(through), [undefined, 'Bearer planted-a.2']);
  });

  it('is the origin that answers an insecure backend, until it no longer does', async () => {
    const through = access({ ...base, tls: { insecure: true } });
    await call(through);
    assert.equal(registry.handshakes, 1);
    await call(through);
    assert.equal(registry.handshakes, 0);
    const { answer } = registry;
    registry.answer = (_request, response) => response.destroy();
    assert.equal(await reasonOf(call(through)), 'BackendUnavailable');
    await clock.advance(2000);
    registry.answer = answer;
    await call(through);
    assert.equal(registry.handshakes, 1);
  });
});
