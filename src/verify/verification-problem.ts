// SPDX-License-Identifier: Apache-2.0

/** Why evidence does not count: a closed list, one for each thing that is checked. */
export type VerificationCode =
  /** The envelope, bundle, certificate, log entry or timestamp cannot be read, or has not exactly one signature. */
  | 'MaterialInvalid'
  /** The payload is not what its type says. */
  | 'PayloadInvalid'
  | 'PayloadTypeMismatch'
  | 'PredicateTypeMismatch'
  /** Something that was asked for is not among the subjects. */
  | 'SubjectMismatch'
  /** No accepted key made the signature. */
  | 'SignatureInvalid'
  /** The key did not count when it signed. */
  | 'KeyOutsideWindow'
  /** Its chain does not hold at the time of the signature, or it is not for signing code. */
  | 'CertificateInvalid'
  | 'IdentityMismatch'
  /** A log entry that is not in the log, or is about something else. */
  | 'LogEntryInvalid'
  | 'LogEntryMissing'
  | 'TimestampInvalid'
  | 'TimestampMissing'
  /** It cannot be judged without a trusted root, a key or an identity. */
  | 'TrustMissing'
  /** What was read back is not what was signed. */
  | 'NotWhatWasSigned';

/** One thing that is wrong with evidence. The message is for people and carries no secret. */
export interface VerificationProblem {
  readonly code: VerificationCode;
  readonly message: string;
}
