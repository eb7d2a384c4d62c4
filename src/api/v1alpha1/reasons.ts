// SPDX-License-Identifier: Apache-2.0
/**
 * Every reason of a condition, a storage entry of a record or an Event: a stable, closed list. docs/reasons.md
 * documents the meaning, the source and the remedy of each.
 */
export const reasons = {
  Ready: 'Ready',
  Progressing: 'Progressing',
  Signed: 'Signed',
  Logged: 'Logged',
  Verified: 'Verified',
  Stored: 'Stored',
  Complete: 'Complete',
  AuditOnly: 'AuditOnly',
  Suspended: 'Suspended',
  WaitingForChildren: 'WaitingForChildren',
  ChildMissing: 'ChildMissing',
  ChildReplaced: 'ChildReplaced',
  ChildrenReadLater: 'ChildrenReadLater',
  NoSubjects: 'NoSubjects',
  SubjectIgnored: 'SubjectIgnored',
  StatementIncomplete: 'StatementIncomplete',
  PayloadInvalid: 'PayloadInvalid',
  PayloadTooLarge: 'PayloadTooLarge',
  SubjectNotAllowed: 'SubjectNotAllowed',
  CeilingExceeded: 'CeilingExceeded',
  GuardForbidden: 'GuardForbidden',
  AnnotationForbidden: 'AnnotationForbidden',
  PolicyInvalid: 'PolicyInvalid',
  PolicyDeleted: 'PolicyDeleted',
  KeyNotFound: 'KeyNotFound',
  KeyInvalid: 'KeyInvalid',
  KeyExpired: 'KeyExpired',
  SignerUnavailable: 'SignerUnavailable',
  SignerUnauthorized: 'SignerUnauthorized',
  TransparencyLogUnavailable: 'TransparencyLogUnavailable',
  TimestampAuthorityUnavailable: 'TimestampAuthorityUnavailable',
  BackendNotFound: 'BackendNotFound',
  BackendNotReady: 'BackendNotReady',
  BackendUnauthorized: 'BackendUnauthorized',
  BackendUnavailable: 'BackendUnavailable',
  BackendRejected: 'BackendRejected',
  KeyConflict: 'KeyConflict',
  EndpointForbidden: 'EndpointForbidden',
  VerificationFailed: 'VerificationFailed',
  RunDeleted: 'RunDeleted',
} as const;

/** A reason from the closed list. */
export type Reason = (typeof reasons)[keyof typeof reasons];

const known = new Map<string, Reason>(Object.values(reasons).map((reason) => [reason, reason]));

/** Reads a reason; undefined for a text outside the closed list, as another version may have written. */
export function knownReason(text: string | undefined): Reason | undefined {
  return text === undefined ? undefined : known.get(text);
}
