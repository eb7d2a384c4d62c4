// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveStorageBackendSpec } from '../api/v1alpha1/storage-backend/defaults.ts';
import type { StorageBackendSpec } from '../api/v1alpha1/storage-backend/schema.ts';
import type { CompiledBackend } from './definitions.ts';
import { policyDefinition } from './policy-definition.fixture.ts';
import { reachProblem } from './reach-problem.ts';

function backend(spec: StorageBackendSpec): CompiledBackend {
  const effective = effectiveStorageBackendSpec(spec);
  return { kind: 'StorageBackend', namespace: 'team-a', name: 'b', uid: 'b', generation: 1, spec: effective };
}

const annotations = backend({ type: 'Tekton' });
const topic = backend({ type: 'Kafka', kafka: { bootstrapServers: ['k.example:9092'], topic: 't' } });
const bucket = backend({ type: 'S3', s3: { bucket: 'b', region: 'r', authentication: { type: 'WorkloadIdentity' } } });
const statements = backend({ type: 'Archivista', archivista: { url: 'https://a.example' } });
const until = { record: { evidence: 'UntilStored' } };
const missing = [{ kind: 'StorageBackend', name: 'later' }] as const;

describe('a policy that drops payloads once they are stored', () => {
  it('needs a backend that can give back each of its artifacts for good', () => {
    const problem = (backends: readonly CompiledBackend[], spec: object = until): string | undefined =>
      reachProblem(policyDefinition('team-a', 'builds', spec), { backends, missing: [] });
    assert.equal(
      problem([annotations, topic]),
      'spec.record.evidence is UntilStored, and no backend of this policy can give back Attestation (InTotoStatement) for as long as its record is kept: a Tekton backend loses it with its run, a Kafka backend with the retention of its topic; add a backend of another type that takes it, or set Keep',
    );
    assert.match(problem([annotations, statements]) ?? '', /give back ImageSignature \(SimpleSigning\)/);
    assert.equal(problem([annotations, bucket]), undefined);
    assert.equal(problem([bucket]), undefined);
  });

  it('is not concerned where it keeps evidence, audits, makes nothing that a passing store takes, or has no backends yet', () => {
    const problem = (spec: object, backends = [annotations], absent: typeof missing | [] = []): string | undefined =>
      reachProblem(policyDefinition('team-a', 'builds', spec), { backends, missing: absent });
    assert.equal(problem({}), undefined);
    assert.equal(problem({ record: { evidence: 'Keep' } }), undefined);
    assert.equal(problem({ ...until, mode: 'Audit' }), undefined);
    assert.equal(problem({ ...until, imageSignatures: { formats: [] } }, [annotations, statements]), undefined);
    assert.equal(problem(until, [annotations], missing), undefined);
    assert.equal(problem(until, []), undefined);
  });
});
