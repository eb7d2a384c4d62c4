// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecordSpec, StorageEntry } from '../api/v1alpha1/provenance-record/schema.ts';
import type { Reason } from '../api/v1alpha1/reasons.ts';
import { toEvidenceArtifact } from '../evidence/evidence-artifact.ts';
import { sealStatus } from './seal/seal.ts';
import { SecretValue } from '../runtime/secret-value.ts';
import { recordName } from './record-name.ts';
import { sealedRecord } from './record-object.ts';

/** The key that seals the records of `storedRecord`. */
export const SEAL_KEY = new SecretValue(Buffer.alloc(32, 7));

const COMPLETED = '2026-01-01T00:00:00Z';

export interface StoredRecordOptions {
  readonly namespace?: string;
  readonly runName?: string;
  readonly policyName?: string;
  readonly resourceVersion?: string;
  /** The names of the promised backends. */
  readonly backends?: readonly string[];
  /** The storage entries of its status; no status when absent. */
  readonly storage?: readonly StorageEntry[];
  /** The reason of its condition Ready; `Stored` makes it True. */
  readonly reason?: Reason;
  readonly spec?: Partial<ProvenanceRecordSpec>;
  /** UIDs that are made from the run's name when absent. */
  readonly uids?: { readonly run: string; readonly record: string };
  readonly payload?: Buffer;
}

/** The namespace and name that `storedRecord` gives to the record of a run. */
export function storedRecordKey(options: StoredRecordOptions = {}): string {
  const { namespace, name } = identityOf(options);
  return `${namespace}/${name}`;
}

/** A signed record as the API server hands it out. */
export function storedRecord(options: StoredRecordOptions = {}): unknown {
  const { backends = ['evidence'], resourceVersion = '1' } = options;
  const { namespace, name, runRef, policyName } = identityOf(options);
  const spec: ProvenanceRecordSpec = {
    runRef,
    policyRef: { kind: 'SigningPolicy', name: policyName },
    outcome: 'Succeeded',
    completionTime: COMPLETED,
    mode: 'Enforce',
    serviceAccountName: 'default',
    backendRefs: backends.map((backend) => ({ kind: 'StorageBackend', name: backend, uid: `uid-of-${backend}` })),
    ...options.spec,
  };
  const sealed = sealedRecord(
    { name, namespace },
    { spec, evidence: { artifacts: [artifact(options.payload)] } },
    SEAL_KEY,
  );
  const uid = options.uids?.record ?? `uid-of-${name}`;
  const metadata = { name, namespace, uid, resourceVersion, generation: 1, creationTimestamp: COMPLETED };
  const status = statusOf(options, { namespace, name, uid });
  return { apiVersion: 'hallmark.dev/v1alpha1', kind: 'ProvenanceRecord', ...sealed, metadata, ...status };
}

/** The storage entry of a backend that holds the evidence. */
export function storedEntry(backend: string, { isVerified = true } = {}): StorageEntry {
  return {
    backendRef: { kind: 'StorageBackend', name: backend },
    state: 'Stored',
    artifacts: ['Attestation'],
    storedTime: COMPLETED,
    locations: [{ uri: `memory://${backend}`, artifact: 'attestation' }],
    ...(isVerified ? { verification: { state: 'Verified' } } : {}),
  };
}

function identityOf({ namespace = 'team-a', runName = 'bake', policyName = 'builds', uids }: StoredRecordOptions) {
  const uid = uids?.run ?? `uid-of-${runName}`;
  const runRef = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: runName, uid } as const;
  const name = recordName(runRef, { kind: 'SigningPolicy', namespace, name: policyName });
  return { namespace, name, runRef, policyName };
}

function artifact(payload: Buffer = Buffer.from('{}')) {
  const signed = {
    name: 'attestation',
    type: 'Attestation',
    form: 'InTotoStatement',
    payloadType: 'application/vnd.in-toto+json',
    payload,
    subjects: [],
    signature: Buffer.alloc(64),
    keyID: 'SHA256:x',
    publicKey: 'PEM',
  } as const;
  return toEvidenceArtifact({ ...signed, policyGeneration: 1 });
}

function statusOf(
  { storage, reason = 'Stored' }: StoredRecordOptions,
  identity: { readonly namespace: string; readonly name: string; readonly uid: string },
): { readonly status?: unknown } {
  if (storage === undefined) return {};
  const ready = {
    type: 'Ready',
    status: reason === 'Stored' ? 'True' : 'False',
    reason,
    message: '',
    observedGeneration: 1,
    lastTransitionTime: COMPLETED,
  };
  const seal = sealStatus({ key: SEAL_KEY, ...identity, storage });
  return { status: { observedGeneration: 1, conditions: [ready], reason, storage, stored: '', seal } };
}
