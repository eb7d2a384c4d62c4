// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { SigningPolicySpec } from '../../api/v1alpha1/signing-policy/schema.ts';
import { TokenError } from '../../credentials/token-source.ts';
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/signed-artifact.ts';
import { OutboundDoor } from '../../net/outbound-door.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { TrustedRoots } from '../../trust/trusted-roots.ts';
import { TestLog } from '../../verify/test-log.fixture.ts';
import { NOW, TestSigner } from '../../verify/test-signer.fixture.ts';
import { EvidenceVerifier } from './evidence-verifier.ts';
import { PolicyWitnesses } from './policy-witnesses.ts';

type TrustedRootSpec = NonNullable<SigningPolicySpec['trustedRoot']>;

const never = new AbortController().signal;
const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const access = {
  objects: { getSecret: nothing, getConfigMap: nothing, getServiceAccount: nothing },
  tokens: { token: () => Promise.reject(new TokenError('Forbidden', 'this test has no ServiceAccounts')) },
  door: new OutboundDoor({ allow: [] }),
  clock: systemClock,
};
const witnesses = new PolicyWitnesses({ access, roots: new TrustedRoots(access), logs: [] });
const verifier = new EvidenceVerifier(witnesses, { check: () => Promise.resolve({ retired: [] }) });

const signer = new TestSigner();
const material = signer.envelope();
const byKey = signer.artifact(material);
const log = new TestLog();
const entry = log.entry({ ...material, verifier: signer.key.publicKey, time: NOW });
const logged: SignedArtifact = {
  ...byKey,
  logEntries: [
    {
      url: 'https://log.example',
      logIndex: entry.logIndex,
      entry: JSON.stringify(TransparencyLogEntry.toJSON(entry)),
    },
  ],
};

function policy(trustedRoot?: TrustedRootSpec): PolicyDefinition {
  const key = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;
  const spec = effectiveSigningPolicySpec({ signer: key, ...(trustedRoot === undefined ? {} : { trustedRoot }) }, '');
  const name = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;
  return { ...name, uid: 'p', generation: 1, homeNamespace: 'team-a', spec };
}

async function stateOf(artifact: SignedArtifact, of: PolicyDefinition | undefined): Promise<string | undefined> {
  const driver: StorageDriver = {
    probe: () => Promise.resolve({ ready: true }),
    put: () => Promise.resolve([]),
    get: () =>
      Promise.resolve({
        payload: artifact.payload,
        signature: signatureText(artifact),
        encoding: 'SignatureText',
      }),
    close: () => Promise.resolve(),
  };
  const run = {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    namespace: 'team-a',
    name: 'bake',
    uid: 'r',
    serviceAccountName: 'default',
    policy: policy(),
  } as const;
  const locations = [{ uri: 'mem://1', artifact: artifact.name }];
  const fact = await verifier.verify({ driver, artifacts: [artifact], locations, run, policy: of, now: NOW }, never);
  return fact?.state;
}

const own = { type: 'Inline', inline: JSON.stringify({ tlogs: [log.trust] }) } as const;
const foreign = { type: 'Inline', inline: JSON.stringify({ tlogs: [new TestLog().trust] }) } as const;
const missing = { type: 'ConfigMap', configMap: { name: 'gone' } } as const;

describe('EvidenceVerifier', () => {
  const rows: readonly (readonly [
    what: string,
    artifact: SignedArtifact,
    policy: PolicyDefinition | undefined,
    state: string | undefined,
  ])[] = [
    ['a log entry under the trusted root of its log', logged, policy(own), 'Verified'],
    ['a log entry under the trusted root of another log', logged, policy(foreign), 'Failed'],
    ['a log entry while the trusted root cannot be had', logged, policy(missing), undefined],
    ['a log entry whose policy names no trusted root any more', logged, policy(), undefined],
    ['a log entry whose policy is gone', logged, undefined, undefined],
    ['a signature of a key while the trusted root cannot be had', byKey, policy(missing), 'Verified'],
    ['a signature of a key whose policy is gone', byKey, undefined, 'Verified'],
  ];
  for (const [what, artifact, of, state] of rows) {
    it(`says ${state ?? 'nothing'} of ${what}`, async () => {
      assert.equal(await stateOf(artifact, of), state);
    });
  }
});
