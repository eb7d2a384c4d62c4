// SPDX-License-Identifier: Apache-2.0
/** The finalizer that keeps a run for a policy with `deletionGuard: Hold`. */
export const DELETION_GUARD = 'hallmark.dev/deletion-guard';
