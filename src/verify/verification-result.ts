// SPDX-License-Identifier: Apache-2.0
import type { Subject } from '../evidence/artifact.ts';
import type { VerificationProblem } from './verification-problem.ts';

/** A time that a trusted log or authority vouches for. */
export interface VerifiedTime {
  readonly source: 'TransparencyLog' | 'TimestampAuthority';
  readonly time: Date;
}

/** Who signed, when that is certain. */
export type VerifiedSigner =
  | { readonly type: 'Key'; readonly keyID: string }
  | { readonly type: 'Certificate'; readonly identity: string; readonly issuer: string };

/** What verifying found. Fields beside `problems` are stated only as far as they were checked. */
export interface VerificationResult {
  readonly verified: boolean;
  readonly problems: readonly VerificationProblem[];
  readonly signer?: VerifiedSigner;
  readonly predicateType?: string;
  readonly subjects: readonly Subject[];
  readonly times: readonly VerifiedTime[];
  /** Entries whose inclusion and content were verified: decimal indexes. */
  readonly logIndexes: readonly string[];
  /** What was there and could not be judged, and so did not count. */
  readonly notes: readonly string[];
}
