// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact, ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import type { RecordedArtifact } from '../../evidence/artifact.ts';
import { dsseEnvelope } from '../../evidence/dsse-envelope.ts';
import { fromEvidenceArtifact, requireSigned } from '../../evidence/evidence-artifact.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import { sigstoreBundleText } from '../../evidence/sigstore-bundle.ts';
import { UsageError } from '../cli-error.ts';

export type EvidenceFormat = 'statement' | 'envelope' | 'bundle';

/**
 * The evidence of a record, one artifact a line: the exact payload, its DSSE envelope or a Sigstore bundle. Without the name of an
 * artifact, statements and envelopes are those of its in-toto statements, and bundles those of all.
 * @throws Error if the record holds no such evidence, or it is not signed yet @throws UsageError for an artifact that it does not have
 */
export function recordEvidenceText(record: ProvenanceRecord, format: EvidenceFormat, artifactName?: string): string {
  const { metadata, evidence, status } = record;
  const artifacts = evidence?.artifacts ?? [];
  const chosen = artifacts.filter((artifact) =>
    artifactName === undefined ? isIncluded(artifact, format) : artifact.name === artifactName,
  );
  const name = `ProvenanceRecord ${metadata.namespace}/${metadata.name}`;
  if (chosen.length > 0) return chosen.map((artifact) => evidenceText(name, artifact, format)).join('\n');
  if (artifactName !== undefined) {
    const names = artifacts.map((artifact) => artifact.name).join(', ');
    throw new UsageError(`${name} has no artifact ${artifactName}: it has ${names === '' ? 'none' : names}`);
  }
  const why = evidence?.problem ?? status;
  throw new Error(`${name} holds no evidence in this form: ${why?.message ?? 'it has not been processed yet'}`);
}

function isIncluded({ form }: EvidenceArtifact, format: EvidenceFormat): boolean {
  return format === 'bundle' || form !== 'SimpleSigning';
}

function evidenceText(record: string, recorded: EvidenceArtifact, format: EvidenceFormat): string {
  try {
    return artifactText(fromEvidenceArtifact(recorded), format);
  } catch (error) {
    if (error instanceof EvidenceError) throw new Error(`${record}: ${error.message}`, { cause: error });
    throw error;
  }
}

function artifactText(artifact: RecordedArtifact, format: EvidenceFormat): string {
  if (format === 'statement') return artifact.payload.toString('utf8');
  if (format === 'bundle') return sigstoreBundleText(requireSigned(artifact));
  if (artifact.form === 'SimpleSigning')
    throw new UsageError(`${artifact.name} is a signature without an envelope: print it with -o bundle`);
  return dsseEnvelope(requireSigned(artifact));
}
