// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../evidence/artifact.ts';
import type { RunTarget } from './driver.ts';

/** An attestation about one image, as far as naming and comparing it goes: its signature is of nobody. */
export function artifactFixture(more: Partial<SignedArtifact> = {}): SignedArtifact {
  return {
    name: 'attestation',
    type: 'Attestation',
    form: 'InTotoStatement',
    payloadType: 'application/vnd.in-toto+json',
    payload: Buffer.from('{"predicate":{"n":1}}'),
    subjects: [{ name: 'reg.example/app', digest: { sha256: 'ab'.repeat(32) } }],
    signature: Buffer.from('signature'),
    keyID: 'SHA256:key',
    publicKey: 'not read here',
    ...more,
  };
}

/** The signature of that image. */
export function imageFixture(more: Partial<SignedArtifact> = {}): SignedArtifact {
  return artifactFixture({ name: 'image-abababababab', type: 'ImageSignature', form: 'SimpleSigning', ...more });
}

export function runFixture(more: Partial<RunTarget> = {}): RunTarget {
  const policy = { kind: 'SigningPolicy', namespace: 'team', name: 'builds' } as const;
  const names = { namespace: 'team', name: 'bake-1', uid: 'uid-1', serviceAccountName: 'default' };
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', ...names, policy, ...more };
}
