// SPDX-License-Identifier: Apache-2.0
/** The finalizer that keeps a run for a policy with `deletionGuard: Hold`. */
export const DELETION_GUARD = 'hallmark.dev/deletion-guard';

/** The values of `spec.deletionGuard.type`. */
export const deletionGuardTypes = ['Release', 'Hold'] as const;

/** The longest time that a run is kept after its deletion. */
export const MAX_GUARD_SECONDS = 86_400;
