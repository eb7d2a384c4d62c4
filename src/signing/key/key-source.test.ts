// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { after, beforeEach, describe, it } from 'node:test';
import { KubeError } from '../../kube/kube-error.ts';
import { EgressClient } from '../../net/egress-client.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import type { SigningContext } from '../signing-context.ts';
import { SigningError } from '../signing-error.ts';
import type { SigningSource } from '../signing-source.ts';
import { keySource } from './key-source.ts';
import { pkcs8Pem, unsoundKeys } from './unsound-keys.fixture.ts';
import { CredentialError } from '../../credentials/credential-error.ts';

type Entries = Readonly<Record<string, Uint8Array>>;
type KeySpec = NonNullable<SignerDefinition['signer']['key']>;

const never = new AbortController().signal;
const DAY_MS = 86_400_000;
const START = new Date('2026-06-01T00:00:00Z');

function pair(): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pem(key: KeyObject): Buffer {
  const type = key.type === 'private' ? 'pkcs8' : 'spki';
  return Buffer.from(key.export({ format: 'pem', type }));
}

function inDays(days: number): string {
  return new Date(START.getTime() + days * DAY_MS).toISOString();
}

async function failure(promise: Promise<unknown>): Promise<SigningError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SigningError, String(error));
  return error;
}

describe('the source of a key in a Secret', () => {
  const egress = new EgressClient({ allow: [] });
  after(() => egress.close());

  let secrets: Map<string, Entries | Error>;
  let clock: ManualClock;
  let context: SigningContext;

  beforeEach(() => {
    secrets = new Map([['keys', { 'x509.pem': pem(pair().privateKey) }]]);
    clock = new ManualClock(START);
    const objects = {
      getSecret: (namespace: string, name: string) => {
        assert.equal(namespace, 'team');
        const held = secrets.get(name);
        return held instanceof Error ? Promise.reject(held) : Promise.resolve(held);
      },
      getConfigMap: () => Promise.resolve(undefined),
      getTypedSecret: () => Promise.resolve(undefined),
      getServiceAccount: () => Promise.resolve(undefined),
    };
    const tokens = { token: () => Promise.reject(new CredentialError('Forbidden', 'none here')) };
    context = { objects, tokens, egress, clock, keylessAudience: 'sigstore' };
  });

  function source(key: Partial<KeySpec> = {}): SigningSource {
    const policy = { kind: 'SigningPolicy', description: 'SigningPolicy team/builds', homeNamespace: 'team' } as const;
    return keySource({ ...policy, signer: { type: 'Key', key: { secretRef: { name: 'keys' }, ...key } } }, context);
  }

  it('signs with the content of the Secret as it is', async () => {
    const ring = source();
    const before = await ring.check(never);
    secrets.set('keys', { 'x509.pem': pem(pair().privateKey) });
    const check = await ring.check(never);
    assert.notEqual(check.active?.keyID, before.active?.keyID);
    assert.equal((await ring.signer(never)).keyID, check.active?.keyID);
    assert.deepEqual([check.retired, check.warnings], [[], []]);
  });

  it('says nothing of its key while the API server is away', async () => {
    secrets.set('keys', new KubeError({ status: 0, reason: 'Unreachable', message: 'away' }));
    await assert.rejects(source().check(never), { name: 'KubeError' });
  });

  it('vouches for nothing once its Secret is gone', async () => {
    secrets.delete('keys');
    assert.deepEqual((await failure(source().check(never))).published, { retired: [] });
  });

  it('warns for fourteen days before the end, then signs nothing and still publishes', async () => {
    const ending = source({ notAfter: inDays(30) });
    assert.deepEqual((await ending.check(never)).warnings, []);
    await clock.advance(16 * DAY_MS + 1);
    const [warning] = (await ending.check(never)).warnings ?? [];
    assert.equal(warning?.reason, 'KeyExpired');
    assert.match(warning.message, /Secret "team\/keys" signs until 2026-07-01T00:00:00Z: have a new key ready/);
    const { keyID } = await ending.signer(never);
    await clock.advance(14 * DAY_MS);
    const expired = await failure(ending.signer(never));
    assert.equal(expired.reason, 'KeyExpired');
    assert.match(expired.message, /signs no more since 2026-07-01T00:00:00Z: put a new key/);
    assert.equal(expired.retryAfterSeconds, undefined);
    const checked = await failure(ending.check(never));
    assert.equal(checked.reason, 'KeyExpired');
    assert.equal(checked.published?.active?.keyID, keyID);
  });

  it('reports a missing key whose time is over the same way to every caller', async () => {
    const over = source({ notAfter: inDays(-1) });
    secrets.delete('keys');
    for (const ask of ['check', 'signer'] as const)
      assert.equal((await failure(over[ask](never))).reason, 'KeyExpired');
  });

  it('signs nothing before the begin, and says for how long', async () => {
    const early = source({ notBefore: inDays(1) });
    const { reason, retryAfterSeconds } = await failure(early.signer(never));
    assert.deepEqual([reason, retryAfterSeconds], ['KeyExpired', 86_400]);
    await clock.advance(DAY_MS);
    await early.signer(never);
    await early.check(never);
  });

  for (const [what, key] of Object.entries(unsoundKeys())) {
    it(`signs nothing with a key that would make no valid signatures: ${what}`, async () => {
      secrets.set('keys', { 'x509.pem': pkcs8Pem(key) });
      for (const ask of ['check', 'signer'] as const) {
        const error = await failure(source()[ask](never));
        assert.equal(error.reason, 'KeyInvalid');
        assert.match(error.message, /Secret "team\/keys" holds a key that makes no valid signatures/);
      }
    });
  }

  it('shows nothing of a key or password in what it says', async () => {
    const password = 'planted-password-31337';
    const body = pem(pair().privateKey)
      .toString('latin1')
      .replaceAll(/-----.*-----|\s/g, '');
    const bad: readonly Entries[] = [
      { 'x509.pem': Buffer.from(`-----BEGIN EC PRIVATE KEY-----\n${body}\n-----END EC PRIVATE KEY-----`) },
      { 'x509.pem': Buffer.from(`-----BEGIN PRIVATE KEY-----\n${body.slice(8)}\n-----END PRIVATE KEY-----`) },
      { 'cosign.key': Buffer.from(body), 'cosign.password': Buffer.from(password) },
      { 'cosign.key': Buffer.from(body) },
      { [password]: Buffer.from(body) },
    ];
    for (const entries of bad) {
      secrets.set('keys', entries);
      const { message, stack = '' } = await failure(source().check(never));
      for (const text of [message, stack]) {
        assert.ok(!text.includes(password) && !text.includes(body.slice(40, 60)), text);
      }
    }
  });
});
