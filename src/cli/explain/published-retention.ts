// SPDX-License-Identifier: Apache-2.0
import { parseClusterSigningPolicy, parseSigningPolicy } from '../../api/v1alpha1/parsing/parse.ts';
import type { Retention, RetentionLimits } from '../../api/v1alpha1/signing-policy/retention.ts';
import { standardRetention } from '../../api/v1alpha1/signing-policy/retention.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { field } from '../../json/fields.ts';

/**
 * The platform's default and limit as far as a policy's `status.effective` shows them, since the command cannot read the operator's
 * configuration. The standard ones where the operator has not looked at this version of the policy.
 */
export function publishedRetention(object: unknown): RetentionLimits {
  const parsed =
    field(object, 'kind') === 'ClusterSigningPolicy' ? parseClusterSigningPolicy(object) : parseSigningPolicy(object);
  if (!parsed.ok) return standardRetention;
  const { metadata, status } = parsed.value;
  const shown = status?.observedGeneration === metadata.generation ? status.effective?.record : undefined;
  if (shown === undefined) return standardRetention;
  const { retention: type, seconds } = shown;
  return { default: { type, seconds: seconds ?? standardRetention.default.seconds }, maxSeconds: seconds ?? 0 };
}

/** The policy as if it asked for the retention that is in force, which the operator's limit and ceilings have bounded already. */
export function withRetentionInForce(policy: PolicyDefinition): PolicyDefinition {
  const { written, spec } = policy;
  return written === undefined ? policy : { ...policy, written: { ...written, record: spec.record } };
}

/** The time that records of a policy are kept for, in words. */
export function retentionText({ spec, retentionCut }: PolicyDefinition): string {
  const kept = `its record is kept ${timeText(spec.record)}`;
  return retentionCut === undefined ? kept : `${kept}: ${retentionCut}`;
}

function timeText({ retention, seconds }: Retention): string {
  if (retention === 'Seconds') return `for ${seconds} seconds after the run finished`;
  if (retention === 'Keep') return 'for ever';
  const until = 'until the run is gone';
  return seconds === undefined ? until : `${until}, and for ${seconds} seconds after it finished at most`;
}
