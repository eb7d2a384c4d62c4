// SPDX-License-Identifier: Apache-2.0

/** The reasons why evidence does not verify: a closed list, one for each check. */
export type VerificationCode =
  /** The envelope, bundle, certificate, log entry or timestamp cannot be read, or there is not exactly one signature. */
  | 'MaterialInvalid'
  /** The payload does not match its type. */
  | 'PayloadInvalid'
  | 'PayloadTypeMismatch'
  | 'PredicateTypeMismatch'
  /** A required digest is not among the subjects. */
  | 'SubjectMismatch'
  /** No accepted key made the signature. */
  | 'SignatureInvalid'
  /** The key was outside its window when it signed. */
  | 'KeyOutsideWindow'
  /** The chain is not valid at the time of the signature, or the certificate is not for code signing. */
  | 'CertificateInvalid'
  | 'IdentityMismatch'
  /** A log entry is not in the log, or is about another signature. */
  | 'LogEntryInvalid'
  | 'LogEntryMissing'
  | 'TimestampInvalid'
  | 'TimestampMissing'
  /** A trusted root, key or identity is missing. */
  | 'TrustMissing'
  /** Stored evidence differs from the signed artifact. */
  | 'NotWhatWasSigned';

/** One problem of evidence. The message is for people and carries no secret. */
export interface VerificationProblem {
  readonly code: VerificationCode;
  readonly message: string;
}
