// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../../api/v1alpha1/condition.ts';
import { setConditions } from '../../api/v1alpha1/condition.ts';
import { field } from '../../json/fields.ts';
import { API_VERSION } from '../../api/v1alpha1/group-version.ts';
import { shownDefaults } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import type { WitnessProblem } from '../policy-services/policy-witnesses.ts';
import { storedConditions, writeStatus } from '../write-status.ts';
import { GracePeriods } from '../memory/grace-periods.ts';
import { policyConditions } from './policy-conditions.ts';
import { policyEvents } from './policy-events.ts';
import { type PolicyFacts, policyVerdict } from './policy-verdict.ts';
import { type SignerReport, signerReport, storedPublication } from './signer-report.ts';
import { policyKey, type PolicyKey } from '../../pipelines/policy-key.ts';

/** Intervals between checks of a signer that works, and of one that does not: a repaired Secret takes effect within a minute. */
const READY_SECONDS = 300;
const NOT_READY_SECONDS = 15;
/** The interval between attempts to read a trusted root: a mirror has to recover, or a user has to repair a ConfigMap. */
const WITNESS_SECONDS = 60;

type PolicyContext = Pick<
  ControllerContext,
  'client' | 'clock' | 'events' | 'fence' | 'gate' | 'health' | 'keys' | 'pipelines' | 'retention'
> & { readonly shards: Pick<ControllerContext['shards'], 'owns'> };

export interface PolicyReconcilerOptions {
  readonly context: PolicyContext;
  readonly objects: ObjectStore<PolicyKey>;
  readonly operatorNamespace: string;
}

interface Check {
  readonly report: SignerReport | undefined;
  readonly witnessProblem: WitnessProblem | undefined;
}

/** Checks the signer and the backends of one policy, and reports them in its status. */
export class PolicyReconciler {
  readonly #options: PolicyReconcilerOptions;
  readonly #graces: GracePeriods;

  constructor(options: PolicyReconcilerOptions) {
    this.#options = options;
    this.#graces = new GracePeriods(options.context.clock);
  }

  async reconcile(key: PolicyKey, signal: AbortSignal): Promise<Outcome> {
    const { context, objects, operatorNamespace } = this.#options;
    const object = objects.get(key);
    const policy = object === undefined ? undefined : readPolicy(object, operatorNamespace, context.retention);
    if (policy === undefined) {
      context.keys.forget(key);
      context.gate.forget(key);
      this.#graces.end(key);
      return DONE;
    }
    const check = await this.#check(policy, object, signal);
    const facts = this.#facts(policy, check);
    const graceSeconds = this.#graceSeconds(facts, policy, object);
    const before = storedConditions(object);
    const next = policyConditions({ ...facts, isOverdue: graceSeconds === 0 });
    const conditions = setConditions(before, next, context.clock.now());
    const status = {
      observedGeneration: policy.generation,
      conditions,
      effective: shownDefaults(policy.spec),
      ...(check.report?.status ?? storedPublication(object)),
      ...this.#retiredBefore(policy),
    };
    // A policy of the cluster is checked by every replica, for its own records, and reported by one.
    const isReported = context.shards.owns(policy.namespace);
    const isWritten =
      isReported && (await writeStatus(context, hallmarkResource(policy.kind), { object, status }, signal));
    const { report } = check;
    if (isWritten && report !== undefined) this.#emitEvents(policy, { before, after: conditions, report });
    return { requeueAfterSeconds: secondsUntilNext(check, graceSeconds, context.clock.now()) };
  }

  /** Memory is ahead of the object when the policy was deleted and created again. */
  #retiredBefore(policy: PolicyDefinition): Pick<PolicyDefinition, 'retiredBefore'> {
    const { retiredBefore } = this.#options.context.pipelines.policy(policy) ?? policy;
    return retiredBefore === undefined ? {} : { retiredBefore };
  }

  /** Neither the signer nor the trusted root of an invalid policy is checked. */
  async #check(policy: PolicyDefinition, object: unknown, signal: AbortSignal): Promise<Check> {
    const { keys, gate } = this.#options.context;
    if (policy.invalid !== undefined) return { report: undefined, witnessProblem: undefined };
    const report = await signerReport(keys, { policy, object }, signal);
    return { report, witnessProblem: await gate.witnessProblem(policy, signal) };
  }

  #facts(policy: PolicyDefinition, { report, witnessProblem }: Check): PolicyFacts {
    const { pipelines } = this.#options.context;
    return {
      generation: policy.generation,
      invalid: pipelines.invalidity(policy),
      keyProblem: report?.problem,
      witnessProblem,
      signsAs: report?.signsAs,
      warnings: report?.warnings.map(({ message }) => message),
      untaken: pipelines.untakenOf(policy),
      retentionCut: policy.retentionCut,
      ...this.#backends(policy),
      mode: policy.spec.mode,
      isSuspended: policy.spec.suspend,
    };
  }

  #backends(policy: PolicyDefinition): Pick<PolicyFacts, 'backends' | 'missing'> {
    const { health, pipelines } = this.#options.context;
    const { backends, missing } = pipelines.backendsOf(policy);
    return {
      backends: backends.map((backend) => ({
        kind: backend.kind,
        name: backend.name,
        isProbed: health.isProbed(backend),
        problem: health.problem(backend),
      })),
      missing,
    };
  }

  /** Seconds until a missing object is overdue, 0 when it is; undefined while nothing is awaited. */
  #graceSeconds(facts: PolicyFacts, policy: PolicyDefinition, object: unknown): number | undefined {
    const key = policyKey(policy);
    const { ready } = policyVerdict(facts);
    if (ready.outlook !== 'Awaited') {
      this.#graces.end(key);
      return undefined;
    }
    const { uid, generation } = policy;
    const stalled = storedConditions(object).find(({ type }) => type === 'Stalled');
    const isOfThis = field(field(object, 'status'), 'observedGeneration') === generation;
    const wasOver = isOfThis && stalled?.status === 'True' && stalled.reason === ready.reason;
    return this.#graces.secondsLeft(key, { uid, generation, reason: ready.reason }, { wasOver });
  }

  #emitEvents(
    policy: PolicyDefinition,
    change: {
      readonly before: readonly Condition[];
      readonly after: readonly Condition[];
      readonly report: SignerReport;
    },
  ): void {
    const { kind, namespace, name, uid } = policy;
    const regarding = { apiVersion: API_VERSION, kind, namespace: namespace === '' ? undefined : namespace, name, uid };
    for (const event of policyEvents(change)) this.#options.context.events.record(regarding, event);
  }
}

/** Seconds until the next check, which is also due when a grace period ends. */
function secondsUntilNext({ report, witnessProblem }: Check, graceSeconds: number | undefined, now: Date): number {
  const waits = [secondsUntilSignerCheck(report, now)];
  if (witnessProblem !== undefined) waits.push(WITNESS_SECONDS);
  if (graceSeconds !== undefined && graceSeconds > 0) waits.push(graceSeconds);
  return Math.min(...waits);
}

/** Seconds until the signer is checked again: no later than its key ends. */
function secondsUntilSignerCheck(report: SignerReport | undefined, now: Date): number {
  if (report === undefined) return NOT_READY_SECONDS;
  const { problem, endsAt } = report;
  if (problem !== undefined)
    return Math.min(Math.max(NOT_READY_SECONDS, problem.retryAfterSeconds ?? 0), READY_SECONDS);
  const endsIn = endsAt === undefined ? READY_SECONDS : (endsAt.getTime() - now.getTime()) / 1000 + 1;
  return Math.max(1, Math.min(READY_SECONDS, endsIn));
}
