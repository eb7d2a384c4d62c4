// SPDX-License-Identifier: Apache-2.0
import { parseProvenanceRecord } from '../../api/v1alpha1/parse.ts';
import { field } from '../../json/fields.ts';
import { parseManifest } from '../../api/v1alpha1/parse-manifest.ts';
import type { EvidenceArtifact, ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { fromEvidenceArtifact, subjectTexts } from '../../evidence/evidence-artifact.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import type { Subject } from '../../evidence/artifact.ts';
import { artifactMaterial } from '../../verify/material/artifact-material.ts';
import type { Material } from '../../verify/material/material.ts';
import { readRunDocuments } from '../run-documents.ts';
import type { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from './verify-error.ts';
import type { Evidence } from './verify-evidence.ts';
import { evidence } from './verify-evidence.ts';
import { VerificationFailure } from '../../verify/verification-failure.ts';

/** What of a record is verified. */
export type ReadRecord = Pick<ProvenanceRecord, 'spec' | 'evidence'> & { readonly name: string };

/** A record of the cluster. @throws UncheckedError */
export async function recordOfCluster(
  name: string,
  surroundings: CliContext,
  signal: AbortSignal,
): Promise<ReadRecord> {
  const object = await surroundings.find(hallmarkResource('ProvenanceRecord'), name, signal);
  if (object === undefined) throw new UncheckedError(`there is no ProvenanceRecord ${surroundings.namespace}/${name}`);
  const parsed = parseProvenanceRecord(object);
  if (!parsed.ok) throw new UncheckedError(`ProvenanceRecord ${name}: ${parsed.message}`);
  return { ...parsed.value, name };
}

/** The records in a file. @throws UsageError, UncheckedError */
export async function recordsOfFile(path: string): Promise<readonly ReadRecord[]> {
  const documents = await readRunDocuments([path], process.stdin).catch((error: unknown) => {
    throw new UncheckedError(`${path} cannot be read`, { cause: error });
  });
  const records = documents.flatMap((document): readonly ReadRecord[] => {
    if ('syntaxError' in document) throw new UsageError(`${document.place}: ${document.syntaxError}`);
    if (field(document.value, 'kind') !== 'ProvenanceRecord') return [];
    const parsed = parseManifest(document.value);
    if (!parsed.ok) throw new UsageError(`${document.place} is not a ProvenanceRecord as the cluster has it`);
    const { value } = parsed;
    return value.kind === 'ProvenanceRecord' ? [{ ...value, name: value.metadata.name ?? document.place }] : [];
  });
  if (records.length === 0) throw new UsageError(`${path} holds no ProvenanceRecord`);
  return records;
}

/** Every artifact of a record; one without signature, or whose subjects are not those that the record lists, does not verify. */
export function recordEvidence({ name, evidence: held }: ReadRecord): readonly Evidence[] {
  return (held?.artifacts ?? []).map((artifact) =>
    evidence(`${artifact.name} of ProvenanceRecord ${name}`, () => read(artifact), listedDigests(artifact)),
  );
}

function read(artifact: EvidenceArtifact): Material {
  try {
    const signed = fromEvidenceArtifact(artifact);
    requireListed(artifact, signed.subjects);
    return artifactMaterial(signed);
  } catch (error) {
    if (error instanceof EvidenceError)
      throw new VerificationFailure('MaterialInvalid', error.message, { cause: error });
    throw error;
  }
}

/** That as many subjects are signed as the record says, and among them those whose digest it had to cut off. */
function requireListed({ subjects = [], subjectCount }: EvidenceArtifact, signed: readonly Subject[]): void {
  const texts = new Set(signed.flatMap(subjectTexts));
  const isListed = subjects.every((text) => listedDigest(text) !== undefined || texts.has(text));
  if (isListed && subjectCount === signed.length) return;
  throw new VerificationFailure('SubjectMismatch', 'what is signed has other subjects than the record lists');
}

function listedDigests({ subjects = [] }: EvidenceArtifact): Evidence['subjects'] {
  return subjects.map(listedDigest).filter((digest) => digest !== undefined);
}

function listedDigest(subject: string): Readonly<Record<string, string>> | undefined {
  const [, algorithm, hex] = /@([a-z0-9]+):([0-9a-f]+)$/i.exec(subject) ?? [];
  return algorithm === undefined || hex === undefined ? undefined : { [algorithm]: hex };
}
