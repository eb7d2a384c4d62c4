// SPDX-License-Identifier: Apache-2.0
import type { PolicyCeilingSpec } from '../../api/v1alpha1/policy-ceiling/schema.ts';
import { defaultDeletionGuard, type EffectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { WrittenPolicySpec } from '../definitions.ts';
import { excessOf } from './bound-values.ts';

type DeletionGuard = EffectiveSigningPolicySpec['deletionGuard'];
type WrittenGuard = WrittenPolicySpec['deletionGuard'];
type GuardBound = NonNullable<PolicyCeilingSpec['deletionGuard']>;

/**
 * The deletion guard of a policy under ceilings: its own words, then the first default that all of them allow, then the usual one.
 *
 * @returns undefined when the ceilings allow no type in common
 */
export function boundedGuard(written: WrittenGuard, specs: readonly PolicyCeilingSpec[]): DeletionGuard | undefined {
  const guards = specs.flatMap(({ deletionGuard }) => deletionGuard ?? []);
  const isAllowed = ({ type }: Pick<DeletionGuard, 'type'>): boolean =>
    guards.every(({ types }) => types?.includes(type) !== false);
  const defaults: readonly NonNullable<GuardBound['default']>[] = [
    ...guards.flatMap((guard) => guard.default ?? []),
    defaultDeletionGuard,
    { type: 'Hold' },
  ];
  const chosen = written ?? defaults.find(isAllowed);
  if (chosen === undefined) return undefined;
  const most = Math.min(...guards.map(({ maxTimeoutSeconds = Infinity }) => maxTimeoutSeconds));
  const [usual = defaultDeletionGuard.timeoutSeconds] = guards.flatMap((guard) => guard.default?.timeoutSeconds ?? []);
  const timeoutSeconds = written?.timeoutSeconds ?? Math.min(chosen.timeoutSeconds ?? usual, most);
  return { type: chosen.type, timeoutSeconds };
}

/** Says that the deletion guard of a policy exceeds a ceiling; undefined when it does not. */
export function guardExcess(written: WrittenGuard, bound: GuardBound | undefined): string | undefined {
  if (written === undefined || bound === undefined) return undefined;
  const { type, timeoutSeconds = 0 } = written;
  const { types, maxTimeoutSeconds: most = Infinity } = bound;
  if (types?.includes(type) === false) return excessOf('spec.deletionGuard.type', type, types);
  if (type !== 'Hold' || timeoutSeconds <= most) return undefined;
  return `spec.deletionGuard.timeoutSeconds is ${timeoutSeconds}, and allowed are at most ${most}`;
}
