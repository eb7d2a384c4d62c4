// SPDX-License-Identifier: Apache-2.0
import type { Material } from '../../verify/material/material.ts';
import type { VerificationProblem } from '../../verify/verification-problem.ts';
import { VerificationFailure } from '../../verify/verification-failure.ts';

/** One signature that was found somewhere. */
export interface Evidence {
  /** Where, for people. */
  readonly place: string;
  /** What it is, or why it cannot be read. */
  readonly material: Material | VerificationProblem;
  /** Digests that must be among its subjects because of where it was found. */
  readonly subjects: readonly Readonly<Record<string, string>>[];
}

/** All that was found in one place. */
export interface EvidenceSet {
  readonly items: readonly Evidence[];
  /** `All`: every item must verify. `Any`: others may have put theirs beside it, and one that verifies is enough. */
  readonly rule: 'All' | 'Any';
}

/** An item whose material cannot be read becomes one that does not verify. */
export function evidence(place: string, read: () => Material, subjects: Evidence['subjects'] = []): Evidence {
  try {
    return { place, material: read(), subjects };
  } catch (error) {
    if (error instanceof VerificationFailure) return { place, material: error.problem(), subjects };
    throw error;
  }
}
