// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../../api/v1alpha1/condition.ts';
import { setConditions } from '../../api/v1alpha1/condition.ts';
import { field } from '../../json/fields.ts';
import { API_VERSION } from '../../api/v1alpha1/group-version.ts';
import { shownDefaults } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import type { Outcome } from '../../runtime/outcome.ts';
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

/** A signer that works is looked at again after so long, one that does not, sooner: a mended Secret takes effect within a minute. */
const READY_SECONDS = 300;
const NOT_READY_SECONDS = 15;
/** A trusted root that cannot be had: what it needs lies with a mirror, or with somebody who mends a ConfigMap. */
const WITNESS_SECONDS = 60;

type PolicyContext = Pick<
  ControllerContext,
  'client' | 'clock' | 'events' | 'fence' | 'gate' | 'health' | 'keys' | 'pipelines'
>;

export interface PolicyReconcilerOptions {
  readonly context: PolicyContext;
  readonly objects: ObjectStore<PolicyKey>;
  readonly operatorNamespace: string;
}

interface Found {
  readonly report: SignerReport | undefined;
  readonly witnessProblem: WitnessProblem | undefined;
}

/** Looks at one policy's signer and backends and says in its status how they are. */
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
    const policy = object === undefined ? undefined : readPolicy(object, operatorNamespace);
    if (policy === undefined) {
      context.keys.forget(key);
      context.gate.forget(key);
      this.#graces.end(key);
      return {};
    }
    const found = await this.#look(policy, object, signal);
    const facts = this.#facts(policy, found);
    const graceSeconds = this.#graceSeconds(facts, policy, object);
    const before = storedConditions(object);
    const next = policyConditions({ ...facts, isOverdue: graceSeconds === 0 });
    const conditions = setConditions(before, next, context.clock.now());
    const status = {
      observedGeneration: policy.generation,
      conditions,
      effective: shownDefaults(policy.spec),
      ...(found.report?.status ?? storedPublication(object)),
      ...this.#retiredBefore(policy),
    };
    const isWritten = await writeStatus(context, hallmarkResource(policy.kind), { object, status }, signal);
    const { report } = found;
    if (isWritten && report !== undefined) this.#tell(policy, { before, after: conditions, report });
    return { requeueAfterSeconds: nextLook(found, graceSeconds, context.clock.now()) };
  }

  /** Memory is ahead of the object when the policy was made anew under its name. */
  #retiredBefore(policy: PolicyDefinition): Pick<PolicyDefinition, 'retiredBefore'> {
    const { retiredBefore } = this.#options.context.pipelines.policy(policy) ?? policy;
    return retiredBefore === undefined ? {} : { retiredBefore };
  }

  /** What cannot be obeyed is not asked for its signer or its trusted root. */
  async #look(policy: PolicyDefinition, object: unknown, signal: AbortSignal): Promise<Found> {
    const { keys, gate } = this.#options.context;
    if (policy.invalid !== undefined) return { report: undefined, witnessProblem: undefined };
    const report = await signerReport(keys, { policy, object }, signal);
    return { report, witnessProblem: await gate.witnessProblem(policy, signal) };
  }

  #facts(policy: PolicyDefinition, { report, witnessProblem }: Found): PolicyFacts {
    const { pipelines } = this.#options.context;
    return {
      generation: policy.generation,
      invalid: pipelines.invalidity(policy),
      keyProblem: report?.problem,
      witnessProblem,
      signsAs: report?.signsAs,
      warnings: report?.warnings.map(({ message }) => message),
      untaken: pipelines.untakenOf(policy),
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

  /** Seconds until what the policy misses is overdue, 0 when it is; undefined while nothing is awaited. */
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

  #tell(
    policy: PolicyDefinition,
    told: {
      readonly before: readonly Condition[];
      readonly after: readonly Condition[];
      readonly report: SignerReport;
    },
  ): void {
    const { kind, namespace, name, uid } = policy;
    const regarding = { apiVersion: API_VERSION, kind, namespace: namespace === '' ? undefined : namespace, name, uid };
    for (const news of policyEvents(told)) this.#options.context.events.record(regarding, news);
  }
}

/** Seconds until the policy is looked at again: when a grace ends, too. */
function nextLook({ report, witnessProblem }: Found, graceSeconds: number | undefined, now: Date): number {
  const waits = [nextSignerLook(report, now)];
  if (witnessProblem !== undefined) waits.push(WITNESS_SECONDS);
  if (graceSeconds !== undefined && graceSeconds > 0) waits.push(graceSeconds);
  return Math.min(...waits);
}

/** A key is looked at the moment that its time ends. */
function nextSignerLook(report: SignerReport | undefined, now: Date): number {
  if (report === undefined) return NOT_READY_SECONDS;
  const { problem, endsAt } = report;
  if (problem !== undefined)
    return Math.min(Math.max(NOT_READY_SECONDS, problem.retryAfterSeconds ?? 0), READY_SECONDS);
  const endsIn = endsAt === undefined ? READY_SECONDS : (endsAt.getTime() - now.getTime()) / 1000 + 1;
  return Math.max(1, Math.min(READY_SECONDS, endsIn));
}
