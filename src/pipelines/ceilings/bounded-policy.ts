// SPDX-License-Identifier: Apache-2.0
import { retentionCut, type RetentionLimits } from '../../api/v1alpha1/signing-policy/retention.ts';
import type { PolicyDefinition } from '../definitions.ts';
import { type Bounds, exceeding, type Excess } from './ceiling-definition.ts';
import { boundedSpec, ceilingRetention } from './policy-defaults.ts';
import { policyExcess } from './policy-excess.ts';
import { unreadableBounds } from './unreadable-bounds.ts';

export interface BoundingOptions {
  readonly bounds: Bounds;
  /** The operator's default and limit of retention. */
  readonly retention: RetentionLimits;
  /** The place of the policy among those of its namespace, the oldest first, from 1. */
  readonly rank: number;
}

/**
 * A SigningPolicy as the ceilings of its namespace have it: with their defaults, and with all that it says beyond them. A ClusterSigningPolicy
 * is the platform's own and stays as it is, and so does a policy that cannot be read.
 */
export function boundedPolicy(policy: PolicyDefinition, options: BoundingOptions): PolicyDefinition {
  const { bounds, retention, rank } = options;
  const { written } = policy;
  if (written === undefined || policy.invalid !== undefined) return policy;
  const specs = bounds.ceilings.flatMap(({ name, spec }) => (spec === undefined ? [] : [{ name, spec }]));
  const { spec, undecided } = boundedSpec(policy, written, bounds, retention);
  const exceeds = exceeding([
    ...unreadableBounds(bounds),
    ...specs.flatMap((ceiling) =>
      policyExcess({ ...policy, written }, ceiling.spec, rank).map((message) => ({ ceiling: ceiling.name, message })),
    ),
    ...undecided.flatMap((field) => specs.map(({ name }) => undecidedExcess(name, field))),
  ]);
  const limits = ceilingRetention(
    specs.map((ceiling) => ceiling.spec),
    retention,
  );
  const cut = retentionCut(written.record, limits) ?? policy.retentionCut;
  const auditOnlyBy = specs.find((ceiling) => ceiling.spec.auditOnly === true)?.name;
  return {
    ...policy,
    spec,
    ...(cut === undefined ? {} : { retentionCut: cut }),
    ...(exceeds === undefined ? {} : { exceeds }),
    ...(auditOnlyBy === undefined ? {} : { auditOnlyBy }),
  };
}

function undecidedExcess(ceiling: string, field: string): Excess {
  return { ceiling, message: `${field} is not set, and no default lies within all bounds: set it` };
}
