// SPDX-License-Identifier: Apache-2.0
import type { SigningPolicySpec } from './schema.ts';

/**
 * The retention of records. Where `seconds` is set, a record ends at the latest so long after its run finished; WithRun has it under a limit
 * of the platform only.
 */
export type Retention =
  | { readonly retention: 'Keep'; readonly seconds?: never }
  | { readonly retention: 'WithRun'; readonly seconds?: number }
  | { readonly retention: 'Seconds'; readonly seconds: number };

/** The retention that a policy asks for; either field may be absent. */
type AskedRetention = NonNullable<SigningPolicySpec['record']>;

/** The platform's word on the retention of all records. */
export interface RetentionLimits {
  /** For policies that ask for none; `seconds` counts with the type Seconds only. */
  readonly default: { readonly type: Retention['retention']; readonly seconds: number };
  /** No record is kept for longer after its run finished; 0: there is no such limit. */
  readonly maxSeconds: number;
}

/** The limits of a platform that sets none: records end after a week. */
export const standardRetention: RetentionLimits = { default: { type: 'Seconds', seconds: 604_800 }, maxSeconds: 0 };

/** The retention in force: the policy's own, else the platform's default; never beyond the platform's limit. */
export function effectiveRetention(asked: AskedRetention | undefined, limits = standardRetention): Retention {
  return boundedRetention(wantedRetention(asked, limits), limits.maxSeconds);
}

/** Cuts a retention to the platform's limit; 0 cuts nothing. */
export function boundedRetention(retention: Retention, maxSeconds: number): Retention {
  if (maxSeconds === 0) return retention;
  if (retention.retention === 'Keep') return { retention: 'Seconds', seconds: maxSeconds };
  return { ...retention, seconds: Math.min(retention.seconds ?? maxSeconds, maxSeconds) };
}

/** Says so when the platform keeps records for less time than the policy asks for. */
export function retentionCut(asked: AskedRetention | undefined, limits: RetentionLimits): string | undefined {
  if (asked?.retention === undefined) return undefined;
  const wanted = wantedRetention(asked, limits);
  const { maxSeconds } = limits;
  const isCut = maxSeconds > 0 && (wanted.retention !== 'Seconds' || wanted.seconds > maxSeconds);
  if (!isCut) return undefined;
  const what = wanted.retention === 'Seconds' ? `${wanted.seconds} seconds` : wanted.retention;
  return `spec.record asks for ${what}, and the platform keeps records for at most ${maxSeconds} seconds after their run finished`;
}

function wantedRetention(asked: AskedRetention | undefined, limits: RetentionLimits): Retention {
  const { type, seconds } =
    asked?.retention === undefined ? limits.default : { type: asked.retention, seconds: asked.seconds };
  if (type !== 'Seconds') return { retention: type };
  // The schema couples the two fields; when in doubt, keep for ever.
  return seconds === undefined ? { retention: 'Keep' } : { retention: type, seconds };
}
