// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact, ProvenanceRecord, StorageEntry } from '../../api/v1alpha1/provenance-record/schema.ts';
import { printableLines } from '../../runtime/printable.ts';

/** The lines that a list shows before it counts the rest. */
const MAX_LISTED = 8;

/** Describes records for people: what each says of itself, what is signed, and where it is stored. */
export function recordsText(records: readonly ProvenanceRecord[]): string {
  return printableLines(records.map(recordText).join('\n\n'));
}

function recordText({ metadata, spec, evidence, status }: ProvenanceRecord): string {
  const { runRef, policyRef, outcome, completionTime } = spec;
  const { reason = 'Progressing', message = 'its record has no status yet' } = status ?? {};
  const artifacts = evidence?.artifacts ?? [];
  const warnings = artifacts.flatMap(({ warnings: found = [] }) => found);
  return [
    `ProvenanceRecord ${metadata.namespace}/${metadata.name}: ${reason}`,
    `  ${message}`,
    `  run: ${runRef.kind} ${runRef.name}, ${outcome} at ${completionTime}`,
    `  policy: ${policyRef.kind} ${policyRef.name}${spec.mode === 'Audit' ? ' (Audit: nothing is signed)' : ''}`,
    ...section('storage', status?.storage ?? [], storageLines),
    ...section('evidence', artifacts, artifactLines),
    ...section('warnings', [...new Set(warnings)], (warning) => [warning]),
  ].join('\n');
}

function section<T>(title: string, items: readonly T[], linesOf: (item: T) => readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  return [`  ${title}:`, ...items.flatMap((item) => linesOf(item).map((line) => `    ${line}`))];
}

function artifactLines(artifact: EvidenceArtifact): readonly string[] {
  const { name, form, keyID, certificate, subjects = [], subjectCount, logEntries = [], timestamps = [] } = artifact;
  const signer = certificate === undefined ? keyID : `${certificate.identity} (${certificate.issuer})`;
  const signed = signer === undefined ? 'not signed' : `signed by ${signer}`;
  const witnesses = [
    ...logEntries.map(({ url, logIndex }) => `logged in ${url} at ${logIndex}`),
    ...timestamps.map(({ url, time }) => `timestamp ${time} of ${url}`),
  ];
  const shown = subjects.slice(0, MAX_LISTED);
  const more = subjectCount - shown.length;
  return [
    `${name}: ${form}, ${signed}`,
    ...witnesses.map((witness) => `  ${witness}`),
    ...shown.map((subject) => `  ${subject}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function storageLines(entry: StorageEntry): readonly string[] {
  const { backendRef, state, locations = [], reason, message, attempts = 0, nextAttemptTime, verification } = entry;
  const why = [reason, message].filter((part) => part !== undefined);
  const shown = locations.slice(0, MAX_LISTED).map(({ uri }) => `  ${uri}`);
  const more = locations.length - shown.length;
  return [
    [`${backendRef.kind}/${backendRef.name}: ${state}`, ...why].join(': '),
    ...(attempts > 0 ? [`  failed ${attempts === 1 ? 'once' : `${attempts} times`} in a row`] : []),
    ...(nextAttemptTime === undefined ? [] : [`  tried again by ${nextAttemptTime}`]),
    ...(verification === undefined
      ? []
      : [`  read back: ${verification.state}${verification.message === undefined ? '' : `: ${verification.message}`}`]),
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
