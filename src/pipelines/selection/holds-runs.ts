// SPDX-License-Identifier: Apache-2.0
import type { PolicyDefinition } from '../definitions.ts';
import { refusal } from '../refusal.ts';

/** True when a policy keeps the runs that it selects from being deleted. One that signs nothing now keeps none. */
export function holdsRuns(policy: PolicyDefinition): boolean {
  const { deletionGuard, mode, suspend } = policy.spec;
  return deletionGuard.type === 'Hold' && mode === 'Enforce' && !suspend && refusal(policy) === undefined;
}
