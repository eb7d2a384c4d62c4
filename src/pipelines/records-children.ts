// SPDX-License-Identifier: Apache-2.0
import type { PolicyDefinition } from './definitions.ts';
import { refusal } from './refusal.ts';

/** True when a policy attests PipelineRuns and asks for the notes of their children to be recorded. */
export function recordsChildren(policy: PolicyDefinition): boolean {
  const { children, runs, attestation } = policy.spec;
  const isAsked = children.notes === 'Recorded' && runs.kinds.includes('PipelineRun') && attestation.format !== 'None';
  return isAsked && refusal(policy) === undefined;
}
