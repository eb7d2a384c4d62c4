// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

const payload = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');

/** A record as the operator makes one, in namespace team-a. */
export function sampleRecord(name: string) {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'ProvenanceRecord',
    metadata: { name, namespace: 'team-a' },
    spec: {
      runRef: {
        apiVersion: 'tekton.dev/v1',
        kind: 'TaskRun',
        name: 'bake-1',
        uid: '0d3c7f7e-8a1e-4b8a-9f2e-1f3a5b7c9d11',
      },
      policyRef: { kind: 'SigningPolicy', name: 'builds' },
      outcome: 'Succeeded',
      completionTime: '2026-01-02T03:04:05Z',
      mode: 'Enforce',
      serviceAccountName: 'default',
      backendRefs: [{ kind: 'StorageBackend', name: 'registry' }],
    },
    evidence: {
      artifacts: [
        {
          name: 'attestation',
          type: 'Attestation',
          form: 'InTotoStatement',
          payloadType: 'application/vnd.in-toto+json',
          payload: gzipSync(payload).toString('base64'),
          payloadDigest: `sha256:${createHash('sha256').update(payload).digest('hex')}`,
          subjectCount: 0,
          policyGeneration: 1,
        },
      ],
      seal: Buffer.alloc(32, 7).toString('base64'),
    },
  };
}
