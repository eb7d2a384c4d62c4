// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../../api/v1alpha1/condition.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { isAllowed } from '../../kube/access-review.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { refusal } from '../../pipelines/refusal.ts';
import { recordsChildren } from '../../pipelines/records-children.ts';
import { holdsRuns } from '../../pipelines/selection/holds-runs.ts';
import { policyKey, type PolicyKey } from '../../pipelines/policy-key.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { GracePeriods } from '../memory/grace-periods.ts';
import type { WitnessProblem } from '../policy-services/policy-witnesses.ts';
import { secondsOfGrace } from '../seconds-of-grace.ts';
import { storedConditions } from '../write-status.ts';
import { type PolicyFacts, policyVerdict } from './policy-verdict.ts';
import { type SignerReport, signerReport, type SignerStatus, storedPublication } from './signer-report.ts';

/** Everything that the decision about a policy is made from. */
export interface PolicySnapshot {
  readonly policy: PolicyDefinition;
  readonly facts: PolicyFacts;
  /** Undefined for a policy that is not obeyed, whose signer is not checked. */
  readonly report: SignerReport | undefined;
  /** Seconds until a missing object is overdue, 0 when it is; undefined while nothing is awaited. */
  readonly graceSeconds: number | undefined;
  /** True when the operator annotates the runs of the policy, and may. */
  readonly annotates: boolean;
  /** Runs that finished by then have retired. */
  readonly retiredBefore: string | undefined;
  /** The conditions and the signer in its status. */
  readonly before: { readonly conditions: readonly Condition[]; readonly signer: SignerStatus };
  readonly now: Date;
}

type GatheringContext = Pick<
  ControllerContext,
  'childNotes' | 'client' | 'clock' | 'gate' | 'health' | 'keys' | 'pipelines' | 'recordRoom'
>;

interface Check {
  readonly report: SignerReport | undefined;
  readonly witnessProblem: WitnessProblem | undefined;
}

/** Checks the signer and the witnesses of a policy, and reads the rest from memory. */
export async function gatherPolicy(
  context: GatheringContext,
  graces: GracePeriods<PolicyKey>,
  { policy, object }: { readonly policy: PolicyDefinition; readonly object: unknown },
  signal: AbortSignal,
): Promise<PolicySnapshot> {
  const check = await checkSigner(context, { policy, object }, signal);
  const patchProblem = await patchProblemOf(context, policy, signal);
  const facts = { ...factsOf(context, policy, check), patchProblem };
  // Memory is ahead of the object when the policy was deleted and created again.
  const { retiredBefore } = context.pipelines.policy(policy) ?? policy;
  return {
    policy,
    facts,
    report: check.report,
    graceSeconds: graceOf(graces, { policy, object, facts }),
    annotates: annotatesRuns(policy) && patchProblem === undefined,
    retiredBefore,
    before: { conditions: storedConditions(object), signer: storedPublication(object) },
    now: context.clock.now(),
  };
}

/** Neither the signer nor the trusted root of a policy that is not obeyed is checked. */
async function checkSigner(
  { keys, gate }: GatheringContext,
  { policy, object }: { readonly policy: PolicyDefinition; readonly object: unknown },
  signal: AbortSignal,
): Promise<Check> {
  if (refusal(policy) !== undefined) return { report: undefined, witnessProblem: undefined };
  const report = await signerReport(keys, { policy, object }, signal);
  return { report, witnessProblem: await gate.witnessProblem(policy, signal) };
}

/** A policy that holds or annotates runs needs the right to patch each kind of them. */
async function patchProblemOf(
  { client }: Pick<GatheringContext, 'client'>,
  policy: PolicyDefinition,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const problem = holdsRuns(policy) ? unheld : annotatesRuns(policy) ? unannotated : undefined;
  if (problem === undefined) return undefined;
  const { kinds } = policy.spec.runs;
  const allowed = await Promise.all(
    kinds.map((kind) =>
      isAllowed(client, { verb: 'patch', resource: runResources[kind], namespace: policy.namespace }, signal),
    ),
  );
  const refused = kinds.filter((_kind, index) => allowed[index] === false);
  if (refused.length === 0) return undefined;
  return problem(refused.length === kinds.length ? 'runs' : refused.map((kind) => `${kind}s`).join(' and '));
}

const unheld = (runs: string): Problem => ({
  reason: reasons.GuardForbidden,
  message: `spec.deletionGuard holds runs, and the operator may not patch ${runs}: none is kept from being deleted; set rbac.patchRuns in the chart, or spec.deletionGuard.type to Release`,
});

const unannotated = (runs: string): Problem => ({
  reason: reasons.AnnotationForbidden,
  message: `spec.compatibility.chainsAnnotations is true, and the operator may not patch ${runs}: none is annotated; set rbac.patchRuns in the chart, or spec.compatibility.chainsAnnotations to false`,
});

/** True for a policy whose runs get the annotations of Tekton Chains. */
function annotatesRuns({ spec }: PolicyDefinition): boolean {
  return spec.compatibility.chainsAnnotations && spec.mode === 'Enforce';
}

function factsOf(
  { childNotes, pipelines, health, recordRoom }: GatheringContext,
  policy: PolicyDefinition,
  { report, witnessProblem }: Check,
): PolicyFacts {
  const { backends, missing } = pipelines.backendsOf(policy);
  return {
    generation: policy.generation,
    refused: pipelines.refusal(policy),
    keyProblem: report?.problem,
    witnessProblem,
    signsAs: report?.signsAs,
    warnings: report?.warnings.map(({ message }) => message),
    untaken: pipelines.untakenOf(policy),
    retentionCut: policy.retentionCut,
    unrecordedNotes: recordsChildren(policy) ? childNotes.problem : undefined,
    backends: backends.map((backend) => ({
      kind: backend.kind,
      name: backend.name,
      isProbed: health.isProbed(backend),
      problem: health.problem(backend),
    })),
    missing,
    noRoom: policy.kind === 'SigningPolicy' ? recordRoom.problem(policy.namespace) : undefined,
    mode: policy.spec.mode,
    isSuspended: policy.spec.suspend,
  };
}

function graceOf(
  graces: GracePeriods<PolicyKey>,
  {
    policy,
    object,
    facts,
  }: { readonly policy: PolicyDefinition; readonly object: unknown; readonly facts: PolicyFacts },
): number | undefined {
  const key = policyKey(policy);
  const { ready } = policyVerdict(facts);
  if (ready.outlook !== 'Awaited') {
    graces.end(key);
    return undefined;
  }
  const { uid, generation } = policy;
  return secondsOfGrace(graces, { key, object, lack: { uid, generation, reason: ready.reason } });
}
