// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact, ProvenanceRecord } from '../api/v1alpha1/provenance-record/schema.ts';
import { packPayload } from '../evidence/packed-payload.ts';
import { payloadDigest } from '../evidence/payload-digest.ts';
import { KubeError } from '../kube/kube-error.ts';
import { hallmarkResource } from '../kube/hallmark-resource.ts';
import { readBackend } from '../pipelines/read-backend.ts';
import { type PayloadLocation, payloadPlaces } from '../records/dropped-payloads.ts';
import { type RunTarget, runTarget } from '../storage/run-target.ts';
import { storageDriver } from '../storage/storage-driver.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { CliContext } from './cli-context.ts';
import { UncheckedError } from './cli-error.ts';

/** A record of the cluster with the payloads that it dropped, fetched from its backends as the user may read them. @throws UncheckedError */
export async function withFetchedPayloads(
  record: ProvenanceRecord,
  context: CliContext,
  signal: AbortSignal,
): Promise<ProvenanceRecord> {
  const { evidence } = record;
  if (evidence?.artifacts === undefined) return record;
  const artifacts: EvidenceArtifact[] = [];
  for (const artifact of evidence.artifacts) {
    artifacts.push(
      artifact.payload === undefined ? await withPayload({ record, artifact }, context, signal) : artifact,
    );
  }
  return { ...record, evidence: { ...evidence, artifacts } };
}

interface Dropped {
  readonly record: ProvenanceRecord;
  readonly artifact: EvidenceArtifact;
}

/** The first payload with the recorded digest. One with another digest is taken too where there is no better one: it does not verify. */
async function withPayload(
  { record, artifact }: Dropped,
  context: CliContext,
  signal: AbortSignal,
): Promise<EvidenceArtifact> {
  const { spec, metadata } = record;
  const { namespace } = metadata;
  const policy = { ...spec.policyRef, namespace: spec.policyRef.kind === 'SigningPolicy' ? namespace : '' };
  const run = runTarget({ ...spec, ...spec.runRef, namespace }, policy);
  let other: Buffer | undefined;
  let problem = 'the record names no place that holds it';
  for (const place of payloadPlaces({ storage: record.status?.storage ?? [] }, artifact)) {
    try {
      const payload = await fetchPayload(place, run, context, signal);
      if (payloadDigest(payload) === artifact.payloadDigest) return { ...artifact, payload: packPayload(payload) };
      other ??= payload;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StorageError || error instanceof UncheckedError)) throw error;
      problem = `${place.kind} ${place.name}: ${error.message}`;
    }
  }
  if (other !== undefined) return { ...artifact, payload: packPayload(other) };
  throw new UncheckedError(
    `the record dropped the payload of ${artifact.name} once it was stored, and it cannot be fetched: ${problem}`,
  );
}

async function fetchPayload(
  place: PayloadLocation,
  run: RunTarget,
  context: CliContext,
  signal: AbortSignal,
): Promise<Buffer> {
  const object = await backendObject(place, run.namespace, context, signal);
  if (object === undefined) throw new UncheckedError('it does not exist');
  const read = readBackend(object, context.operatorNamespace);
  if (!read.ok) throw new UncheckedError(read.message);
  const driver = storageDriver(read.backend, await context.backendAccess());
  try {
    const { payload } = await driver.get(place, signal, run);
    return payload;
  } finally {
    await driver.close?.();
  }
}

async function backendObject(
  { kind, name }: PayloadLocation,
  namespace: string,
  context: CliContext,
  signal: AbortSignal,
): Promise<unknown> {
  const { client } = await context.cluster();
  try {
    return await client.find(hallmarkResource(kind), kind === 'StorageBackend' ? { namespace, name } : { name }, {
      signal,
    });
  } catch (error) {
    if (error instanceof KubeError) throw new UncheckedError(error.message, { cause: error });
    throw error;
  }
}
