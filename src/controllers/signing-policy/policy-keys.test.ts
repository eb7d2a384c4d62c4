// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, it } from 'node:test';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { KubeError } from '../../kube/kube-error.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { PolicyKeys } from './policy-keys.ts';

const policy: PolicyDefinition = {
  kind: 'SigningPolicy',
  namespace: 'team-a',
  name: 'builds',
  uid: 'u',
  generation: 1,
  homeNamespace: 'team-a',
  spec: effectiveSigningPolicySpec(
    { signer: { type: 'Key', key: { secretRef: { name: 'k' } } } },
    '2025-01-01T00:00:00Z',
  ),
};
const { signal } = new AbortController();

function keyData(): Readonly<Record<string, Uint8Array>> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { 'x509.pem': Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

describe('PolicyKeys', () => {
  let secret: () => Promise<Readonly<Record<string, Uint8Array>> | undefined>;
  let asked: string[];
  let keys: PolicyKeys;

  beforeEach(() => {
    asked = [];
    keys = new PolicyKeys({
      getSecret: (namespace, name) => {
        asked.push(`${namespace}/${name}`);
        return secret();
      },
      getConfigMap: () => Promise.resolve(undefined),
      getServiceAccount: () => Promise.resolve(undefined),
    });
  });

  it("reads the Secret of the policy's home namespace and decrypts the same data once", async () => {
    const data = keyData();
    secret = () => Promise.resolve(data);
    const first = await keys.signer(policy, signal);
    assert.equal(await keys.signer(policy, signal), first);
    assert.deepEqual(asked, ['team-a/k', 'team-a/k']);
  });

  it('takes up a rotated key with the next read, and tells that it changed', async () => {
    const told: string[] = [];
    keys.onChange(({ name }) => told.push(name));
    secret = () => Promise.resolve(keyData());
    const before = await keys.signer(policy, signal);
    assert.deepEqual(told, []);
    const after = await keys.signer(policy, signal);
    assert.notEqual(before.keyID, after.keyID);
    assert.deepEqual(told, ['builds']);
  });

  it('says KeyNotFound with the remedy when the Secret does not exist, and tells when it is gone and when it is back', async () => {
    const told: string[] = [];
    keys.onChange(({ name }, isWorking) => told.push(`${name} ${isWorking ? 'works' : 'fails'}`));
    const data = keyData();
    secret = () => Promise.resolve(data);
    await keys.signer(policy, signal);
    secret = () => Promise.resolve(undefined);
    await assert.rejects(keys.signer(policy, signal), {
      reason: 'KeyNotFound',
      message: /team-a\/k.*does not exist: create it/,
    });
    secret = () => Promise.resolve(data);
    await keys.signer(policy, signal);
    assert.deepEqual(told, ['builds fails', 'builds works']);
  });

  it('says which right is missing when the Secret may not be read', async () => {
    secret = () => Promise.reject(new KubeError({ status: 403, reason: 'Forbidden', message: 'no' }));
    await assert.rejects(keys.signer(policy, signal), {
      reason: 'KeyNotFound',
      message: /may not read Secret "team-a\/k": grant/,
    });
  });

  it('passes on what may pass by itself, so that it is tried again', async () => {
    secret = () => Promise.reject(new KubeError({ status: 0, reason: 'Unreachable', message: 'away' }));
    await assert.rejects(keys.signer(policy, signal), { name: 'KubeError' });
  });
});
