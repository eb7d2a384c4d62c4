// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { BackendKind, PolicyKind } from '../api/v1alpha1/kinds.ts';
import type { JsonObject } from '../json/fields.ts';
import { dateAt } from './life.ts';
import type { BackendPlan, PolicyPlan, RunPlan } from './world-plan.ts';

const API_VERSION = 'hallmark.dev/v1alpha1';
const authentication = { type: 'Secret', secretRef: { name: 'store' } };

/** The plural of each kind, as in API paths. */
export const plurals = {
  SigningPolicy: 'signingpolicies',
  ClusterSigningPolicy: 'clustersigningpolicies',
  StorageBackend: 'storagebackends',
  ClusterStorageBackend: 'clusterstoragebackends',
  ProvenanceRecord: 'provenancerecords',
  TaskRun: 'taskruns',
  Namespace: 'namespaces',
} as const;

export function policyKind({ namespace }: PolicyPlan): PolicyKind {
  return namespace === '' ? 'ClusterSigningPolicy' : 'SigningPolicy';
}

export function backendKind({ namespace }: BackendPlan): BackendKind {
  return namespace === '' ? 'ClusterStorageBackend' : 'StorageBackend';
}

/** Builds the metadata of a namespaced or cluster-scoped object. */
export function metadataOf({ namespace, name }: { readonly namespace: string; readonly name: string }): JsonObject {
  return namespace === '' ? { name } : { namespace, name };
}

export function policyManifest(policy: PolicyPlan): JsonObject {
  const { namespace, retention, holdsRuns, dropsPayloads } = policy;
  return {
    apiVersion: API_VERSION,
    kind: policyKind(policy),
    metadata: metadataOf(policy),
    spec: {
      signer: { type: 'Key', key: { secretRef: { name: 'signing' } } },
      runs: { finishedAfter: '2026-01-01T00:00:00Z' },
      record: { retention, ...(dropsPayloads === true ? { evidence: 'UntilStored' } : {}) },
      // No world lasts so long: what is kept is stored.
      ...(holdsRuns === true ? { deletionGuard: { type: 'Hold', timeoutSeconds: 86_400 } } : {}),
      ...(namespace === '' ? { subjects: { allowedRepositories: ['*'] } } : {}),
    },
  };
}

export function backendManifest(backend: BackendPlan): JsonObject {
  const { namespace, type } = backend;
  return {
    apiVersion: API_VERSION,
    kind: backendKind(backend),
    metadata: metadataOf(backend),
    spec: {
      type,
      ...(type === 'GCS' ? { gcs: { bucket: 'model-bucket', authentication } } : {}),
      ...(namespace === '' ? { acceptFrom: ['SigningPolicy'] } : {}),
    },
  };
}

/** The results of a run that built an image, which every other run did: its record has two artifacts. */
function resultsOf({ name }: RunPlan): readonly JsonObject[] {
  if (Number(name.slice(name.lastIndexOf('-') + 1)) % 2 === 0) return [];
  return [
    { name: 'IMAGE_URL', type: 'string', value: `registry.example.com/${name}` },
    { name: 'IMAGE_DIGEST', type: 'string', value: `sha256:${'ab'.repeat(32)}` },
  ];
}

/** A text of 1024 characters that hardly packs. */
function randomText(seed: string): string {
  return Array.from({ length: 16 }, (_, index) => createHash('sha256').update(`${seed} ${index}`).digest('hex')).join(
    '',
  );
}

/** Builds a TaskRun that has just been made. */
export function runManifest(run: RunPlan): JsonObject {
  // A payload must take more room than the names of its places, or its record never drops it.
  const params = [{ name: 'NOTES', value: randomText(run.name) }];
  return { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata: metadataOf(run), spec: { params } };
}

/** The status of a TaskRun that finishes at this instant. */
export function runEnd(run: RunPlan, nowMs: number): JsonObject {
  const now = dateAt(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
  return {
    status: {
      startTime: now,
      completionTime: now,
      conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded', lastTransitionTime: now }],
      taskSpec: { steps: [] },
      results: resultsOf(run),
    },
  };
}
