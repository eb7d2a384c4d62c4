// SPDX-License-Identifier: Apache-2.0
/**
 * Every reason a condition, a backend's entry in a record or an Event of Hallmark can carry: a stable, closed list.
 * docs/reasons.md says for each what it means, who sets it and what to do.
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
  NoSubjects: 'NoSubjects',
  SubjectIgnored: 'SubjectIgnored',
  StatementIncomplete: 'StatementIncomplete',
  PayloadInvalid: 'PayloadInvalid',
  PayloadTooLarge: 'PayloadTooLarge',
  SubjectNotAllowed: 'SubjectNotAllowed',
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
