// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, beforeEach, describe, it } from 'node:test';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { EgressClient } from '../../net/egress-client.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { PolicySigners } from './policy-signers.ts';
import { CredentialError } from '../../credentials/credential-error.ts';

type Entries = Readonly<Record<string, Uint8Array>>;

function policyWith(key: object, generation = 1): PolicyDefinition {
  const signer = { type: 'Key', key: { secretRef: { name: 'k' }, ...key } } as const;
  const spec = effectiveSigningPolicySpec({ signer }, '2025-01-01T00:00:00Z');
  const name = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds', uid: 'u' } as const;
  return { ...name, generation, homeNamespace: 'team-a', spec };
}

const policy = policyWith({});
const { signal } = new AbortController();
const NO_TOKENS = new CredentialError('Forbidden', 'no tokens here');

function keyData(): Entries {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { 'x509.pem': Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

describe('PolicySigners', () => {
  const egress = new EgressClient({ allow: [] });
  after(() => egress.close());

  let secret: () => Promise<Entries | undefined>;
  let asked: string[];
  let changed: string[];
  let clock: ManualClock;
  let signers: PolicySigners;

  beforeEach(() => {
    asked = [];
    changed = [];
    clock = new ManualClock();
    signers = new PolicySigners({
      objects: {
        getSecret: (namespace, name) => {
          asked.push(`${namespace}/${name}`);
          return secret();
        },
        getTypedSecret: () => Promise.resolve(undefined),
        getConfigMap: () => Promise.resolve(undefined),
        getServiceAccount: () => Promise.resolve(undefined),
      },
      tokens: { token: () => Promise.reject(NO_TOKENS) },
      egress,
      clock,
      keylessAudience: 'sigstore',
    });
    signers.onChange(({ name }) => changed.push(name));
  });

  it("reads the Secret of the policy's home namespace at each use", async () => {
    const data = keyData();
    secret = () => Promise.resolve(data);
    const first = await signers.signer(policy, signal);
    assert.equal((await signers.signer(policy, signal)).keyID, first.keyID);
    assert.deepEqual(asked, ['team-a/k', 'team-a/k']);
    assert.deepEqual(changed, []);
  });

  it('uses a rotated key with the next read, and reports the change', async () => {
    secret = () => Promise.resolve(keyData());
    const before = await signers.signer(policy, signal);
    const after = await signers.signer(policy, signal);
    assert.notEqual(before.keyID, after.keyID);
    assert.deepEqual(changed, ['builds']);
  });

  it('explains a missing signer with the remedy, and reports when it disappears and returns', async () => {
    const data = keyData();
    secret = () => Promise.resolve(data);
    await signers.signer(policy, signal);
    secret = () => Promise.resolve(undefined);
    const gone = { reason: 'KeyNotFound', message: /team-a\/k.*does not exist: create it/ };
    await assert.rejects(signers.signer(policy, signal), gone);
    secret = () => Promise.resolve(data);
    assert.equal(changed.length, 1);
    await signers.check(policy, signal);
    assert.deepEqual(changed, ['builds', 'builds']);
  });

  it('reports when it fails for another reason, so that waiting records show the current one', async () => {
    const { 'x509.pem': pem } = keyData();
    assert.ok(pem !== undefined);
    const contents = [undefined, {}, { 'cosign.key': pem }, { 'x509.pem': Buffer.from('no key') }, { 'x509.pem': pem }];
    for (const [index, content] of contents.entries()) {
      secret = () => Promise.resolve(content);
      for (let time = 0; time < 2; time += 1) await signers.check(policy, signal).catch(() => undefined);
      assert.equal(changed.length, index, 'once for each change');
    }
  });

  it('does not retry a recent failure for each run', async () => {
    const data = keyData();
    secret = () => Promise.resolve(undefined);
    for (let run = 0; run < 3; run += 1)
      await assert.rejects(signers.signer(policy, signal), { reason: 'KeyNotFound' });
    assert.equal(asked.length, 1);
    secret = () => Promise.resolve(data);
    await clock.advance(5001);
    await signers.signer(policy, signal);
    assert.deepEqual(changed, ['builds']);
  });

  it('asks at once after the policy is edited', async () => {
    const data = keyData();
    secret = () => Promise.resolve(undefined);
    await assert.rejects(signers.signer(policy, signal), { reason: 'KeyNotFound' });
    secret = () => Promise.resolve(data);
    await signers.signer(policyWith({ secretRef: { name: 'other' } }, 2), signal);
    assert.deepEqual(asked, ['team-a/k', 'team-a/other']);
  });

  it('returns the end of a key and the keys that verify', async () => {
    const [active, retired] = [keyData(), keyData()];
    const objects: Readonly<Record<string, Entries>> = { k: active, old: retired };
    secret = () => Promise.resolve(objects[asked.at(-1)?.split('/')[1] ?? '']);
    const notAfter = new Date(clock.now().getTime() + 86_400_000).toISOString();
    const edited = policyWith({ notAfter, retired: [{ name: 'old' }] });
    const check = await signers.check(edited, signal);
    assert.match(check.warnings?.[0]?.message ?? '', /Secret "team-a\/k" signs until/);
    assert.equal(check.retired.length, 1);
    assert.notEqual(check.retired[0]?.keyID, check.active?.keyID);
  });

  it('rethrows failures that may pass, so that they are retried', async () => {
    secret = () => Promise.reject(new KubeError({ status: 0, reason: 'Unreachable', message: 'away' }));
    await assert.rejects(signers.signer(policy, signal), { name: 'KubeError' });
    await assert.rejects(signers.signer(policy, signal), { name: 'KubeError' });
    assert.equal(asked.length, 2);
  });

  it('forgets a deleted policy', async () => {
    secret = () => Promise.resolve(keyData());
    await signers.signer(policy, signal);
    signers.forget('SigningPolicy/team-a/builds');
    await signers.signer(policy, signal);
    assert.deepEqual(changed, []);
    await signers.close();
  });
});
