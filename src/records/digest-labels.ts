// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../api/v1alpha1/provenance-record/schema.ts';

/** Says that a record has a label for each digest of its subjects. */
export const INDEXED_LABEL = 'hallmark.dev/digests';
/** A label's name has this many characters at most: one fewer than a SHA-256 in hexadecimal. */
const MAX_LABEL_NAME = 63;
/** The digests that a record has labels for: each takes some 150 bytes of the object with its entry in `managedFields`. */
const MAX_DIGESTS = 64;

/**
 * The labels by which the records of a digest are found. They are an index and no evidence, because others may write labels: readers
 * compare the subjects that the record lists. Without {@link INDEXED_LABEL}, a record may be about further digests.
 */
export function digestLabels(artifacts: readonly EvidenceArtifact[]): Readonly<Record<string, string>> {
  if (artifacts.length === 0) return {};
  const listed = artifacts.flatMap(({ subjects = [] }) => subjects.map(subjectDigest));
  const known = listed.filter((digest) => digest !== undefined);
  const digests = new Map(known.map(({ hex, algorithm }) => [hex, algorithm]));
  const isWhole = artifacts.every(listsAllDigests) && digests.size <= MAX_DIGESTS;
  const labels = [...digests].slice(0, MAX_DIGESTS).map(([hex, algorithm]) => [digestLabel(hex), algorithm] as const);
  return { ...Object.fromEntries(labels), ...(isWhole ? { [INDEXED_LABEL]: 'Indexed' } : {}) };
}

/** True when an artifact lists the digest of each of its subjects. */
export function listsAllDigests({ subjects = [], subjectCount }: EvidenceArtifact): boolean {
  return subjects.length === subjectCount && subjects.every((subject) => subjectDigest(subject) !== undefined);
}

/** The label of records about a digest. @param hex the digest without its algorithm, in lower case */
export function digestLabel(hex: string): string {
  return `digest.hallmark.dev/${hex.slice(0, MAX_LABEL_NAME)}`;
}

/** The digest of a subject as a record lists it: `name@algorithm:hex`. Undefined where it had to be cut off. */
export function subjectDigest(subject: string): { readonly algorithm: string; readonly hex: string } | undefined {
  const { algorithm, hex } = /@(?<algorithm>[a-z0-9]{1,20}):(?<hex>[0-9a-f]{32,128})$/.exec(subject)?.groups ?? {};
  return algorithm === undefined || hex === undefined ? undefined : { algorithm, hex };
}
