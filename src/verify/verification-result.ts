// SPDX-License-Identifier: Apache-2.0
import type { Subject } from '../evidence/artifact.ts';
import type { VerificationProblem } from './verification-problem.ts';

/** A time that a trusted log or authority proves. */
export interface VerifiedTime {
  readonly source: 'TransparencyLog' | 'TimestampAuthority';
  readonly time: Date;
}

/** The verified signer. */
export type VerifiedSigner =
  | { readonly type: 'Key'; readonly keyID: string }
  | { readonly type: 'Certificate'; readonly identity: string; readonly issuer: string };

/** The result of verifying one signature. Other fields than `problems` are set only as far as they were checked. */
export interface VerificationResult {
  readonly verified: boolean;
  readonly problems: readonly VerificationProblem[];
  readonly signer?: VerifiedSigner;
  readonly predicateType?: string;
  readonly subjects: readonly Subject[];
  readonly times: readonly VerifiedTime[];
  /** Decimal indexes of the entries whose inclusion and content were verified. */
  readonly logIndexes: readonly string[];
  /** Evidence that could not be judged and so did not count. */
  readonly notes: readonly string[];
}
