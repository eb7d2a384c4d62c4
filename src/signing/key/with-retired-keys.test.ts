// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { after, beforeEach, describe, it } from 'node:test';
import { KubeError } from '../../kube/kube-error.ts';
import { EgressClient } from '../../net/egress-client.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import { SigningError, type SigningReason } from '../signing-error.ts';
import type { SignerCheck, SigningSource } from '../signing-source.ts';
import { signingSource } from '../signing-source-of.ts';
import { withRetiredKeys } from './with-retired-keys.ts';
import { CredentialError } from '../../credentials/credential-error.ts';

type Signer = SignerDefinition['signer'];
type Retired = NonNullable<NonNullable<Signer['key']>['retired']>;

const never = new AbortController().signal;
const kms = { uri: 'awskms:///alias/builds', secretRef: { name: 'credentials' }, aws: { region: 'eu-central-1' } };
const fulcio = { fulcioURL: 'https://fulcio.example', serviceAccountName: 'signer' };

/** Each type of signer, with these keys before it. */
const signers: Readonly<Record<Signer['type'], (retired: Retired) => Signer>> = {
  Key: (retired) => ({ type: 'Key', key: { secretRef: { name: 'keys' }, retired } }),
  KMS: (retired) => ({ type: 'KMS', kms: { ...kms, retired } }),
  Keyless: (retired) => ({ type: 'Keyless', keyless: { ...fulcio, retired } }),
};

function pair(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pem(key: KeyObject): Buffer {
  const type = key.type === 'private' ? 'pkcs8' : 'spki';
  return Buffer.from(key.export({ format: 'pem', type }));
}

async function failure(promise: Promise<unknown>): Promise<SigningError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SigningError, String(error));
  return error;
}

const pems = (keys: SignerCheck['retired'] | undefined): readonly string[] | undefined =>
  keys?.map(({ publicKey }) => publicKey);

describe('keys that a policy lists as retired', () => {
  const egress = new EgressClient({ allow: [] });
  after(() => egress.close());

  let secrets: Map<string, Readonly<Record<string, Uint8Array>> | Error>;
  beforeEach(() => {
    secrets = new Map([['keys', { 'x509.pem': pem(pair().privateKey) }]]);
  });

  const context = {
    objects: {
      getSecret: (namespace: string, name: string) => {
        assert.equal(namespace, 'team');
        const held = secrets.get(name);
        return held instanceof Error ? Promise.reject(held) : Promise.resolve(held);
      },
      getConfigMap: () => Promise.resolve(undefined),
      getTypedSecret: () => Promise.resolve(undefined),
      getServiceAccount: () => Promise.resolve(undefined),
    },
    tokens: { token: () => Promise.reject(new CredentialError('Forbidden', 'none here')) },
    egress,
    clock: systemClock,
    keylessAudience: 'sigstore',
  };

  function definition(signer: Signer): SignerDefinition {
    return { kind: 'SigningPolicy', description: 'SigningPolicy team/builds', homeNamespace: 'team', signer };
  }

  function keySource(...retired: Retired): SigningSource {
    return signingSource(definition(signers.Key(retired)), context);
  }

  /** A policy of a type of signer, of which a check comes to this. */
  function checked(type: Signer['type'], retired: Retired, check: SignerCheck | SigningError): SigningSource {
    const source: SigningSource = {
      signer: () => Promise.reject(new Error('not asked for')),
      check: () => (check instanceof SigningError ? Promise.reject(check) : Promise.resolve(check)),
      close: () => Promise.resolve(),
    };
    return withRetiredKeys(source, definition(signers[type](retired)), context);
  }

  it('are published with their windows, from public entries and from private ones', async () => {
    const [a, b] = [pair(), pair()];
    secrets.set('a', { 'x509.pub': pem(a.publicKey) });
    secrets.set('a-too', { 'cosign.pub': pem(a.publicKey) });
    secrets.set('b', { 'x509.pem': pem(b.privateKey), 'cosign.pub': pem(a.publicKey) });
    const notAfter = '2026-06-01T00:00:00Z';
    const { retired, warnings } = await keySource({ name: 'a', notAfter }, { name: 'a-too' }, { name: 'b' }).check(
      never,
    );
    assert.deepEqual(pems(retired), [pem(a.publicKey).toString(), pem(b.publicKey).toString()]);
    assert.deepEqual(
      retired.map((key) => key.notAfter),
      [new Date(notAfter), undefined],
    );
    assert.deepEqual(warnings, []);
  });

  it('are not among them while they are active', async () => {
    const { active, retired } = await keySource({ name: 'keys' }).check(never);
    assert.deepEqual([active === undefined, retired], [false, []]);
  });

  it('do not prevent signing when they cannot be published, and warn', async () => {
    secrets.set('bad', { 'x509.pub': Buffer.from('nothing') });
    secrets.set('private', new KubeError({ status: 403, reason: 'Forbidden', message: 'no' }));
    const names = ['gone', 'bad', 'private'];
    const ring = keySource(...names.map((name) => ({ name })));
    const { retired, warnings } = await ring.check(never);
    assert.deepEqual(retired, []);
    assert.deepEqual(
      warnings?.map(({ reason, message }) => [reason, /Secret "team\/\w+"/.exec(message)?.[0]]),
      [
        ['KeyNotFound', 'Secret "team/gone"'],
        ['KeyInvalid', 'Secret "team/bad"'],
        ['KeyNotFound', 'Secret "team/private"'],
      ],
    );
    await ring.signer(never);
  });

  it('are warned of when no verifier could read them', async () => {
    const atInfinity = Buffer.from('3019301306072a8648ce3d020106082a8648ce3d03010703020000', 'hex');
    const text = `-----BEGIN PUBLIC KEY-----\n${atInfinity.toString('base64')}\n-----END PUBLIC KEY-----\n`;
    secrets.set('odd', { 'x509.pub': Buffer.from(text) });
    const { retired, warnings } = await keySource({ name: 'odd' }).check(never);
    assert.deepEqual([retired, warnings?.map(({ reason }) => reason)], [[], ['KeyInvalid']]);
  });

  it('are unknown while the API server is away', async () => {
    secrets.set('old', new KubeError({ status: 0, reason: 'Unreachable', message: 'away' }));
    await assert.rejects(keySource({ name: 'old' }).check(never), { name: 'KubeError' });
  });

  it('are published whatever became of the key in a Secret', async () => {
    const old = pair();
    secrets.set('old', { 'x509.pub': pem(old.publicKey) });
    for (const held of [undefined, { 'x509.pem': Buffer.from('no key') }]) {
      if (held === undefined) secrets.delete('keys');
      else secrets.set('keys', held);
      const { published } = await failure(keySource({ name: 'old' }).check(never));
      assert.equal(published?.active, undefined);
      assert.deepEqual(pems(published?.retired), [pem(old.publicKey).toString()]);
    }
  });

  for (const type of ['KMS', 'Keyless'] as const) {
    it(`are published while nothing signs: ${type}`, async () => {
      const old = pair();
      secrets.set('old', { 'cosign.pub': pem(old.publicKey) });
      const source = signingSource(definition(signers[type]([{ name: 'old' }])), context);
      const { reason, published } = await failure(source.check(never));
      assert.equal(reason, 'SignerUnauthorized');
      assert.deepEqual(pems(published?.retired), [pem(old.publicKey).toString()]);
      await source.close();
    });

    it(`are published with the active key, with a warning for a missing one: ${type}`, async () => {
      const old = pair();
      secrets.set('old', { 'cosign.pub': pem(old.publicKey) });
      const soon = { reason: 'KeyExpired', message: 'it ends soon' } as const;
      const found = { keyless: { identity: 'i', issuer: 'j' }, retired: [], warnings: [soon] };
      const source = checked(type, [{ name: 'old' }, { name: 'gone' }], found);
      const { retired, warnings = [], keyless } = await source.check(never);
      assert.deepEqual(pems(retired), [pem(old.publicKey).toString()]);
      assert.deepEqual(keyless, found.keyless);
      const reasons: readonly SigningReason[] = warnings.map(({ reason }) => reason);
      assert.deepEqual(reasons, ['KeyExpired', 'KeyNotFound']);
      assert.match(warnings[1]?.message ?? '', /Secret "team\/gone" does not exist.*as entry "x509.pub"/);
    });
  }

  it('come before those that a service keeps, with the window of the policy', async () => {
    const [both, service, active] = [pair(), pair(), pair()];
    secrets.set('old', { 'x509.pub': pem(both.publicKey) });
    const stated = ({ publicKey }: { readonly publicKey: KeyObject }, keyID: string) => {
      return { keyID, publicKey: pem(publicKey).toString() };
    };
    secrets.set('active', { 'x509.pub': pem(active.publicKey) });
    const notAfter = '2026-06-01T00:00:00Z';
    const listed = (await keySource({ name: 'old', notAfter }, { name: 'active' }).check(never)).retired;
    const [bothID = '', activeID = ''] = listed.map(({ keyID }) => keyID);
    const found = { active: stated(active, activeID), retired: [stated(service, 'SHA256:s'), stated(both, bothID)] };
    const refs = [{ name: 'old', notAfter }, { name: 'active' }];
    const expected = [{ ...stated(both, bothID), notAfter: new Date(notAfter) }, stated(service, 'SHA256:s')];
    assert.deepEqual((await checked('KMS', refs, found).check(never)).retired, expected);
    const why = new SigningError('KeyExpired', 'over', { published: found, retryAfterSeconds: 7 });
    const { reason, message, retryAfterSeconds, published } = await failure(checked('KMS', refs, why).check(never));
    assert.deepEqual([reason, message, retryAfterSeconds], ['KeyExpired', 'over', 7]);
    assert.deepEqual(published, { active: found.active, retired: expected });
  });
});
