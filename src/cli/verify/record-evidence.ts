// SPDX-License-Identifier: Apache-2.0
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import { field } from '../../json/fields.ts';
import { parseManifest } from '../../api/v1alpha1/parsing/parse-manifest.ts';
import type { EvidenceArtifact, ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { droppedPayload } from '../../records/dropped-payloads.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { fromEvidenceArtifact, requireSigned, subjectTexts } from '../../evidence/evidence-artifact.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import type { Subject } from '../../evidence/artifact.ts';
import { artifactMaterial } from '../../verify/material/artifact-material.ts';
import type { Material } from '../../verify/material/material.ts';
import { VerificationFailure } from '../../verify/verification-failure.ts';
import type { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';
import { readObjects } from '../read-objects.ts';
import type { Evidence } from './evidence.ts';
import { readEvidence } from './evidence.ts';

/** The parts of a record that are verified. */
export type ReadRecord = Pick<ProvenanceRecord, 'spec' | 'evidence'> & { readonly name: string };

/** Reads a record of the cluster, and fetches the payloads that it dropped from its backends. @throws UncheckedError */
export async function recordInCluster(name: string, context: CliContext, signal: AbortSignal): Promise<ReadRecord> {
  const object = await context.find(hallmarkResource('ProvenanceRecord'), name, signal);
  if (object === undefined)
    throw new UncheckedError(`there is no ProvenanceRecord ${await context.namespace()}/${name}`);
  const parsed = parseProvenanceRecord(object);
  if (!parsed.ok) throw new UncheckedError(`ProvenanceRecord ${name}: ${parsed.message}`);
  const { value: record } = parsed;
  if (droppedPayload(record) === undefined) return { ...record, name };
  const { withFetchedPayloads } = await import('../dropped-payloads.ts');
  return { ...(await withFetchedPayloads(record, context, signal)), name };
}

/** Reads the records in a file. @throws UsageError, UncheckedError */
export async function recordsInFile(path: string): Promise<readonly ReadRecord[]> {
  const records = (await readObjects(path)).flatMap(({ place, value }): readonly ReadRecord[] => {
    if (field(value, 'kind') !== 'ProvenanceRecord') return [];
    const parsed = parseManifest(value);
    if (!parsed.ok) throw new UsageError(`${place} is not a ProvenanceRecord as the cluster has it`);
    const { value: record } = parsed;
    if (record.kind !== 'ProvenanceRecord') return [];
    requirePayloads(record, place);
    return [{ ...record, name: record.metadata.name ?? place }];
  });
  if (records.length === 0) throw new UsageError(`${path} holds no ProvenanceRecord`);
  return records;
}

/** A file does not lead to the backends that hold what a record dropped. */
function requirePayloads(record: Pick<ReadRecord, 'evidence'>, place: string): void {
  const dropped = droppedPayload(record);
  if (dropped === undefined) return;
  const message = `${place} dropped the payload of ${dropped.name} once it was stored: name the record in the cluster, and it is fetched from a backend`;
  throw new UncheckedError(message);
}

/** Reads every artifact of a record. One without a signature, or with other subjects than the record lists, does not verify. */
export function recordEvidence({ name, evidence }: ReadRecord): readonly Evidence[] {
  return (evidence?.artifacts ?? []).map((artifact) =>
    readEvidence(
      `${artifact.name} of ProvenanceRecord ${name}`,
      () => artifactEvidence(artifact),
      listedDigests(artifact),
    ),
  );
}

function artifactEvidence(artifact: EvidenceArtifact): Material {
  try {
    const signed = requireSigned(fromEvidenceArtifact(artifact));
    requireListed(artifact, signed.subjects);
    return artifactMaterial(signed);
  } catch (error) {
    if (error instanceof EvidenceError)
      throw new VerificationFailure('MaterialInvalid', error.message, { cause: error });
    throw error;
  }
}

/** Requires as many signed subjects as the record lists, among them those whose digest it had to cut off. */
function requireListed({ subjects = [], subjectCount }: EvidenceArtifact, signed: readonly Subject[]): void {
  const texts = new Set(signed.flatMap(subjectTexts));
  const isListed = subjects.every((text) => listedDigest(text) !== undefined || texts.has(text));
  if (isListed && subjectCount === signed.length) return;
  throw new VerificationFailure('SubjectMismatch', 'the signed payload has other subjects than the record lists');
}

function listedDigests({ subjects = [] }: EvidenceArtifact): Evidence['subjects'] {
  return subjects.map(listedDigest).filter((digest) => digest !== undefined);
}

function listedDigest(subject: string): Readonly<Record<string, string>> | undefined {
  const [, algorithm, hex] = /@([a-z0-9]+):([0-9a-f]+)$/i.exec(subject) ?? [];
  return algorithm === undefined || hex === undefined ? undefined : { [algorithm]: hex };
}
