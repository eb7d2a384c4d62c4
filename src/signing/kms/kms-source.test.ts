// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { CredentialError } from '../../credentials/credential-error.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { EgressClient } from '../../net/egress-client.ts';
import { EgressError } from '../../net/egress-error.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import type { SigningContext } from '../signing-context.ts';
import { SigningError } from '../signing-error.ts';
import { kmsIdentity } from './kms-definition.ts';
import { kmsFailure } from './kms-failure.ts';
import { kmsSource } from './kms-source.ts';

type Kms = NonNullable<SignerDefinition['signer']['kms']>;

const never = new AbortController().signal;

function definition(kms: Partial<Kms>, kind: SignerDefinition['kind'] = 'SigningPolicy'): SignerDefinition {
  const uri = 'awskms:///alias/builds';
  return { kind, description: `${kind} builds`, homeNamespace: 'home', signer: { type: 'KMS', kms: { uri, ...kms } } };
}

describe('a key in a service', () => {
  const egress = new EgressClient();
  after(() => egress.close());

  function context(configMap?: Readonly<Record<string, string>>): SigningContext {
    return {
      objects: {
        getSecret: () => Promise.resolve(undefined),
        getConfigMap: () => Promise.resolve(configMap),
        getTypedSecret: () => Promise.resolve(undefined),
        getServiceAccount: () => Promise.resolve(undefined),
      },
      tokens: { token: () => Promise.reject(new CredentialError('Forbidden', 'no tokens here')) },
      egress,
      clock: new ManualClock(),
      keylessAudience: 'sigstore',
    };
  }

  it('is used as a Secret or ServiceAccount of the home namespace', () => {
    const secret = { type: 'Secret', namespace: 'home', secretName: 's' };
    assert.deepEqual(kmsIdentity(definition({ secretRef: { name: 's' } })), secret);
    const account = { type: 'ServiceAccount', namespace: 'home', serviceAccountName: 'a' };
    assert.deepEqual(kmsIdentity(definition({ serviceAccountName: 'a' }, 'ClusterSigningPolicy')), account);
  });

  it('is used as the operator for cluster policies alone', async () => {
    assert.deepEqual(kmsIdentity(definition({}, 'ClusterSigningPolicy')), { type: 'Operator' });
    await assert.rejects(kmsSource(definition({}), context()).signer(never), {
      reason: 'SignerUnauthorized',
      message: /set secretRef or serviceAccountName/,
    });
  });

  it('waits for the certificates that it must trust', async () => {
    const policy = definition({ secretRef: { name: 's' }, caBundleRef: { name: 'ca' } });
    const missing = kmsSource(policy, context()).check(never);
    await assert.rejects(missing, { reason: 'SignerUnavailable', message: /ConfigMap "home\/ca".*does not exist/ });
    const empty = kmsSource(policy, context({ other: 'x' })).check(never);
    await assert.rejects(empty, { reason: 'SignerUnavailable', message: /entry "ca.crt"/ });
  });

  it('of no known kind is not found', async () => {
    const policy = definition({ uri: 'pkcs11://builds', secretRef: { name: 's' } });
    await assert.rejects(kmsSource(policy, context()).check(never), { reason: 'KeyNotFound', message: /pkcs11:/ });
  });
});

describe('a failure of a service', () => {
  const uri = 'awskms:///alias/builds';
  for (const [error, reason] of [
    [new SigningError('KeyInvalid', 'm'), 'KeyInvalid'],
    [new CredentialError('NotFound', 'm'), 'SignerUnauthorized'],
    [new CredentialError('Unavailable', 'm'), 'SignerUnavailable'],
    [new CredentialError('Forbidden', 'm'), 'SignerUnauthorized'],
    [new CredentialError('Unavailable', 'm'), 'SignerUnavailable'],
    [new EgressError('EndpointForbidden', 'm'), 'EndpointForbidden'],
    [new EgressError('Timeout', 'm'), 'SignerUnavailable'],
    [new KubeError({ status: 403, reason: 'Forbidden', message: 'm' }), 'SignerUnauthorized'],
    [new KubeError({ status: 0, reason: 'Unreachable', message: 'm' }), 'SignerUnavailable'],
    [new Error('wrapped', { cause: new CredentialError('Invalid', 'm') }), 'SignerUnauthorized'],
  ] as const) {
    it(`${error.name} ${error.message} is ${reason}`, () => {
      assert.equal(kmsFailure(error, uri).reason, reason);
    });
  }

  it("never carries the text of a library's error", () => {
    const failure = kmsFailure(new Error('Authorization: Bearer planted', { cause: new Error('planted') }), uri);
    assert.equal(failure.reason, 'SignerUnavailable');
    assert.ok(!inspect(failure, { depth: 9, showHidden: true }).includes('planted'));
  });
});
