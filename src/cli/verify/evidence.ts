// SPDX-License-Identifier: Apache-2.0
import type { Material } from '../../verify/material/material.ts';
import type { VerificationProblem } from '../../verify/verification-problem.ts';
import { VerificationFailure } from '../../verify/verification-failure.ts';
import type { PublishedPolicy } from '../trust/published-policy.ts';

/** One signature from a registry, record, run or file. */
export interface Evidence {
  /** Its origin, for people. */
  readonly place: string;
  /** The signature with its payload, or the reason why it cannot be read. */
  readonly material: Material | VerificationProblem;
  /** Digests that must be among its subjects because of its place. */
  readonly subjects: readonly Readonly<Record<string, string>>[];
}

/** All signatures that one command verifies. */
export interface EvidenceSet {
  readonly items: readonly Evidence[];
  /** `All`: every item must verify. `Any`: one is enough, because anyone can add evidence there. */
  readonly rule: 'All' | 'Any';
  /** The verified image by its digest. */
  readonly image?: string;
  /** The policy that signed, where the evidence names it. */
  readonly policy?: PublishedPolicy | undefined;
}

/** Turns unreadable material into evidence that does not verify. */
export function readEvidence(place: string, read: () => Material, subjects: Evidence['subjects'] = []): Evidence {
  try {
    return { place, material: read(), subjects };
  } catch (error) {
    if (error instanceof VerificationFailure) return { place, material: error.problem(), subjects };
    throw error;
  }
}
