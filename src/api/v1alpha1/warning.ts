// SPDX-License-Identifier: Apache-2.0
/**
 * Every kind of warning about a run's evidence: a stable, closed list. docs/warnings.md describes each. A warning is
 * one string that begins with its kind and a colon.
 */
export const warningKinds = [
  'HintIgnored',
  'HintMalformed',
  'ArtifactIgnored',
  'InputIgnored',
  'MaterialMissing',
  'ChildMissing',
  'ChildReplaced',
  'ChildrenReadLater',
  'TaskOmitted',
  'IndexImageOmitted',
  'CredentialRemoved',
  'UriMalformed',
  'DigestMalformed',
  'RunChanged',
  'RunUnfinished',
  'More',
] as const;

export type WarningKind = (typeof warningKinds)[number];

/** The longest warning, and the most warnings per artifact; bounds of the schema. */
export const MAX_WARNING_LENGTH = 1024;
export const MAX_WARNINGS = 64;

/** Write a warning: its kind, and a sentence that names the object, the value and the remedy. */
export function warning(kind: WarningKind, text: string): string {
  return shortened(`${kind}: ${text}`);
}

/** The kind of a warning; undefined for a string of an earlier version. */
export function warningKindOf(text: string): WarningKind | undefined {
  return warningKinds.find((kind) => text.startsWith(`${kind}: `));
}

/** Bound a list of warnings: each once, in order; the last one counts the rest. */
export function boundedWarnings(warnings: readonly string[]): readonly string[] {
  const distinct = [...new Set(warnings)].map(shortened);
  const listed = distinct.filter((text) => warningKindOf(text) !== 'More');
  const isWhole = listed.length === distinct.length && listed.length <= MAX_WARNINGS;
  if (isWhole) return listed;
  const kept = listed.slice(0, MAX_WARNINGS - 1);
  const more = warningCount(distinct) - kept.length;
  return [...kept, warning('More', `${more} further warnings are not listed`)];
}

/** Count the warnings of a list, including those that its last entry only counts. */
export function warningCount(warnings: readonly string[]): number {
  return warnings.reduce((sum, text) => sum + Number(/^More: (\d+) /.exec(text)?.[1] ?? 1), 0);
}

function shortened(text: string): string {
  const isShort = text.length <= MAX_WARNING_LENGTH;
  return isShort ? text : `${text.slice(0, MAX_WARNING_LENGTH - 1).toWellFormed()}…`;
}
