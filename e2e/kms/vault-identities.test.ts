// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { KmsSpec } from '../../src/signing/kms/kms-definition.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { Transit } from '../testbed/transit/transit.ts';
import { claimsOf, IdentityBed, SIGNER, TEAM } from './identity-bed.ts';
import { signingFailure } from './service-faults.ts';

const never = new AbortController().signal;
const text = Buffer.from('what is signed');
const subject = `system:serviceaccount:${TEAM}:${SIGNER}`;

let bed: IdentityBed;
let transit: Transit;
let proxy: FaultProxy;
let context: SigningContext;

before(async () => {
  bed = await IdentityBed.start('vault-identities');
  const { url, caFile, adminToken } = bed.plane;
  transit = await Transit.start(bed.supervisor, { cluster: { url, caFile, adminToken } });
  proxy = await FaultProxy.start({ target: transit.url });
  context = bed.context([proxy.host], [{ audience: 'vault', hosts: [proxy.host] }]);
  await transit.createKey('builds');
  await transit.signingPolicy('sign-builds', 'builds');
  await transit.role('auth/jwt', 'builds', role('jwt'));
  await transit.role('auth/kubernetes', 'builds', role('kubernetes'));
});
after(async () => {
  await proxy.stop();
  await bed.stop();
});
beforeEach(() => proxy.requests.splice(0));
afterEach(() => {
  proxy.heal();
});

function role(method: 'jwt' | 'kubernetes', fields: { audience?: string; subject?: string; seconds?: number } = {}) {
  return { method, audience: 'vault', subject, policies: ['sign-builds'], seconds: 3600, ...fields };
}

type Authentication = NonNullable<NonNullable<KmsSpec['vault']>['authentication']>;

function spec(authentication: Partial<Authentication> = {}, serviceAccountName: string = SIGNER): KmsSpec {
  const vault = { address: proxy.url, authentication: { role: 'builds', ...authentication } };
  return { uri: 'openbao://builds', serviceAccountName, vault };
}

/** Tokens that were sent for logging in. */
function sentTokens(): readonly string[] {
  return proxy.asked('/login').map(({ body }) => String(Reflect.get(Object(JSON.parse(body.toString())), 'jwt')));
}

/** Everything secret that went over the line. */
function secrets(): readonly string[] {
  const tokens = proxy.requests.flatMap(({ headers }) => headers['x-vault-token'] ?? []);
  return [...sentTokens(), ...tokens];
}

for (const method of ['JWT', 'Kubernetes'] as const) {
  describe(`a ServiceAccount that logs in by ${method}`, () => {
    it('signs with a token for this server alone, and logs in once', async () => {
      const source = bed.source(spec({ method }), context);
      await source.check(never);
      const signer = await source.signer(never);
      await signer.sign(text);
      const logins = sentTokens();
      assert.equal(logins.length, 1);
      const claims = claimsOf(logins[0] ?? '');
      assert.deepEqual(claims['aud'], ['vault']);
      assert.equal(claims['sub'], subject);
    });

    it('logs in again when its token ended or was revoked', async () => {
      const source = bed.source(spec({ method }), context);
      const signer = await source.signer(never);
      await transit.revoke(proxy.asked('/keys/').at(-1)?.headers['x-vault-token'] ?? '');
      await signer.sign(text);
      assert.equal(sentTokens().length, 2);
      await bed.clock.advance(3_600_000);
      await source.check(never);
      assert.equal(sentTokens().length, 3);
    });

    it('logs in once for all runs of one moment, also when its token was revoked', async () => {
      const source = bed.source(spec({ method }), context);
      const signers = await Promise.all(Array.from({ length: 6 }, () => source.signer(never)));
      assert.equal(sentTokens().length, 1);
      await transit.revoke(proxy.asked('/keys/').at(-1)?.headers['x-vault-token'] ?? '');
      await Promise.all(signers.map((signer) => signer.sign(text)));
      assert.equal(sentTokens().length, 2);
    });

    it('is not let in under a role for another account or audience, and says so without a token', async () => {
      const mount = `auth/${method.toLowerCase()}`;
      const kind = method === 'JWT' ? 'jwt' : 'kubernetes';
      await transit.role(mount, 'others', role(kind, { subject: `system:serviceaccount:${TEAM}:other` }));
      await transit.role(mount, 'elsewhere', role(kind, { audience: 'elsewhere' }));
      for (const name of ['others', 'elsewhere', 'absent']) {
        const failure = signingFailure(
          bed.source(spec({ method, role: name }), context).check(never),
          'SignerUnauthorized',
          [],
        );
        assert.match((await failure).message, new RegExp(`${mount} as role "${name}"`));
        await signingFailure(failure.then(Promise.reject.bind(Promise)), 'SignerUnauthorized', secrets());
      }
    });
  });
}

describe('a ServiceAccount at a Vault', () => {
  it("gets no token for an audience or host that the operator's configuration does not list", async () => {
    const audience = bed.source(spec({ audience: 'https://kubernetes.default.svc' }), context);
    const refused = await signingFailure(audience.check(never), 'SignerUnauthorized', []);
    assert.match(refused.message, /tokens\.destinations/);
    const elsewhere = bed.context([proxy.host], [{ audience: 'vault', hosts: ['vault.example.com'] }]);
    await signingFailure(bed.source(spec(), elsewhere).check(never), 'SignerUnauthorized', []);
    assert.equal(proxy.requests.length, 0);
  });

  it('must be one that the operator may act as, and exist', async () => {
    const other = await signingFailure(bed.source(spec({}, 'other'), context).check(never), 'SignerUnauthorized', []);
    assert.match(other.message, /may not act as ServiceAccount "bakers\/other"/);
  });

  it('needs a login method', async () => {
    const kms = { uri: 'openbao://builds', serviceAccountName: SIGNER, vault: { address: proxy.url } };
    const { message } = await signingFailure(bed.source(kms, context).check(never), 'SignerUnauthorized', []);
    assert.match(message, /set vault\.authentication/);
  });

  it('waits while logins fail, and signs afterwards', async () => {
    const source = bed.source(spec(), context);
    proxy.fail({ type: 'Status', status: 503 }, { when: ({ path }) => path.includes('/login') });
    await signingFailure(source.check(never), 'SignerUnavailable', secrets());
    proxy.fail({ type: 'Garbage' }, { when: ({ path }) => path.includes('/login') });
    await signingFailure(source.check(never), 'SignerUnavailable', secrets());
    proxy.heal();
    await source.check(never);
  });
});

describe('the operator at a Vault', () => {
  const file = (): string => join(bed.supervisor.dataDirectory('tokens'), 'vault');
  const clusterPolicy = { kind: 'ClusterSigningPolicy', description: 'ClusterSigningPolicy builds' } as const;

  function ownSource(): ReturnType<typeof kmsSource> {
    const { uri, vault } = spec({ role: 'operator', method: 'Kubernetes' });
    const kms = { uri, ...(vault === undefined ? {} : { vault }) };
    return kmsSource({ ...clusterPolicy, homeNamespace: 'default', signer: { type: 'KMS', kms } }, context);
  }

  it('logs in for a cluster policy with the token file that its pod projects', async () => {
    const own = 'system:serviceaccount:default:operator';
    await transit.role('auth/kubernetes', 'operator', role('kubernetes', { subject: own }));
    const missing = await signingFailure(ownSource().check(never), 'SignerUnauthorized', []);
    assert.match(missing.message, /HALLMARK_VAULT_TOKEN_FILE/);
    const { stdout } = await bed.plane.kubectl(['create', 'token', 'operator', '--audience=vault']);
    writeFileSync(file(), `${stdout.trim()}\n`);
    process.env['HALLMARK_VAULT_TOKEN_FILE'] = file();
    try {
      await ownSource().check(never);
    } finally {
      delete process.env['HALLMARK_VAULT_TOKEN_FILE'];
    }
    assert.deepEqual(sentTokens(), [stdout.trim()]);
  });

  it('goes by what the policy says before what its environment has', async () => {
    const own = 'system:serviceaccount:default:operator';
    await transit.role('auth/kubernetes', 'operator', role('kubernetes', { subject: own }));
    const { stdout } = await bed.plane.kubectl(['create', 'token', 'operator', '--audience=vault']);
    writeFileSync(file(), stdout);
    const environment = { HALLMARK_VAULT_TOKEN_FILE: file(), VAULT_TOKEN: 'planted-token', BAO_TOKEN: 'planted-token' };
    Object.assign(process.env, environment);
    try {
      await ownSource().check(never);
    } finally {
      for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
    }
    assert.deepEqual(sentTokens(), [stdout.trim()]);
    assert.ok(proxy.requests.every(({ headers }) => headers['x-vault-token'] !== 'planted-token'));
  });
});
