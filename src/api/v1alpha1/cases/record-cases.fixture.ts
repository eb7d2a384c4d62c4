// SPDX-License-Identifier: Apache-2.0
import type { RefusedManifest } from './case.fixture.ts';
import { artifactCase, recordCase, recordSpec } from './case-objects.fixture.ts';

const payloadLocation = { kind: 'StorageBackend', name: 'b', uri: 's3://b/o' };
const signedCase = { ...artifactCase, signature: 'MEQ=', keyID: 'k', publicKey: 'p' };

/** Records that must be refused. */
export const recordCases: readonly RefusedManifest[] = [
  {
    name: 'a run of another API',
    manifest: recordCase({ spec: { ...recordSpec, runRef: { ...recordSpec.runRef, apiVersion: 'v1' } } }),
    path: 'spec.runRef.apiVersion',
    message: 'must be tekton.dev/v1',
    serverMessage: 'supported values: "tekton.dev/v1"',
  },
  {
    name: 'a run without UID',
    manifest: recordCase({ spec: { ...recordSpec, runRef: { ...recordSpec.runRef, uid: undefined } } }),
    path: 'spec.runRef.uid',
    message: 'must be set',
    serverMessage: 'spec.runRef.uid: Required value',
  },
  {
    name: 'a digest that is none',
    manifest: recordCase({ evidence: { artifacts: [{ ...artifactCase, payloadDigest: 'sha256:0' }] } }),
    path: 'evidence.artifacts[0].payloadDigest',
    message: 'must be sha256: and 64 hexadecimal digits',
  },
  {
    name: 'a signature without a key',
    manifest: recordCase({ evidence: { artifacts: [{ ...artifactCase, signature: 'MEQ=' }] } }),
    path: 'evidence.artifacts[0]',
    message: 'signature, keyID and publicKey must be set together',
  },
  {
    name: 'an artifact without payload that is not signed',
    manifest: recordCase({
      evidence: { artifacts: [{ ...artifactCase, payload: undefined, payloadLocations: [payloadLocation] }] },
    }),
    path: 'evidence.artifacts[0]',
    message: 'an artifact without its payload must be signed and say in payloadLocations where the payload is',
  },
  {
    name: 'a signed artifact whose payload is nowhere',
    manifest: recordCase({ evidence: { artifacts: [{ ...signedCase, payload: undefined }] } }),
    path: 'evidence.artifacts[0]',
    message: 'an artifact without its payload must be signed and say in payloadLocations where the payload is',
  },
  {
    name: 'an artifact twice',
    manifest: recordCase({ evidence: { artifacts: [artifactCase, artifactCase] } }),
    path: 'evidence.artifacts',
    message: 'must not hold ["attestation"] twice',
    serverMessage: 'Duplicate value: {"name":"attestation"}',
  },
];
