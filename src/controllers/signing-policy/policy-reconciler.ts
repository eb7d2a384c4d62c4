// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../../api/v1alpha1/condition.ts';
import { setConditions } from '../../api/v1alpha1/condition.ts';
import { API_VERSION } from '../../api/v1alpha1/group-version.ts';
import { shownDefaults } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import type { Outcome } from '../../runtime/outcome.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../hallmark-resource.ts';
import type { ObjectStore } from '../object-store.ts';
import type { Problem } from '../provenance-record/record-facts.ts';
import type { BackendHealthBook } from '../storage-backend/backend-health-book.ts';
import { storedConditions, writeStatus } from '../write-status.ts';
import { type PolicyFacts, policyConditions } from './policy-conditions.ts';
import { policyNews } from './policy-news.ts';
import { type SignerReport, signerReport, storedPublication } from './signer-report.ts';

/** A signer that works is looked at again after so long, one that does not, sooner: a mended Secret takes effect within a minute. */
const READY_SECONDS = 300;
const NOT_READY_SECONDS = 15;
/** A trusted root that cannot be had: what it needs lies with a mirror, or with somebody who mends a ConfigMap. */
const WITNESS_SECONDS = 60;

export interface PolicyReconcilerOptions {
  readonly context: ControllerContext;
  readonly objects: ObjectStore;
  readonly operatorNamespace: string;
  readonly health: BackendHealthBook;
}

/** Looks at one policy's signer and backends and says in its status how they are. */
export class PolicyReconciler {
  readonly #options: PolicyReconcilerOptions;

  constructor(options: PolicyReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    const { context, objects, operatorNamespace } = this.#options;
    const object = objects.get(key);
    const policy = object === undefined ? undefined : readPolicy(object, operatorNamespace);
    if (policy === undefined) {
      context.keys.forget(key);
      return {};
    }
    const report =
      policy.invalid === undefined ? await signerReport(context.keys, { policy, object }, signal) : undefined;
    const witnessProblem = report === undefined ? undefined : await context.witnesses.problem(policy, signal);
    const facts = this.#facts(policy, report, witnessProblem);
    const before = storedConditions(object);
    const conditions = setConditions(before, policyConditions(facts), context.clock.now());
    const status = {
      observedGeneration: policy.generation,
      conditions,
      effective: shownDefaults(policy.spec),
      ...(report?.status ?? storedPublication(object)),
    };
    const isWritten = await writeStatus(context, hallmarkResource(policy.kind), { object, status }, signal);
    if (isWritten && report !== undefined) this.#tell(policy, { before, after: conditions, report });
    const soon = nextLook(report, context.clock.now());
    return { requeueAfterSeconds: witnessProblem === undefined ? soon : Math.min(soon, WITNESS_SECONDS) };
  }

  #facts(policy: PolicyDefinition, report: SignerReport | undefined, witnessProblem: Problem | undefined): PolicyFacts {
    return {
      generation: policy.generation,
      invalid: this.#options.context.pipelines.invalidity(policy),
      keyProblem: report?.problem,
      witnessProblem,
      signsAs: report?.signsAs,
      warnings: report?.warnings.map(({ message }) => message),
      ...this.#backends(policy),
      mode: policy.spec.mode,
      isSuspended: policy.spec.suspend,
    };
  }

  #backends(policy: PolicyDefinition): Pick<PolicyFacts, 'backends' | 'missing'> {
    const { backends, missing } = this.#options.context.pipelines.backendsOf(policy);
    return {
      backends: backends.map((backend) => ({
        kind: backend.kind,
        name: backend.name,
        problem: this.#options.health.problem(backend),
      })),
      missing,
    };
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
    for (const news of policyNews(told)) this.#options.context.events.record(regarding, news);
  }
}

/** A key is looked at the moment that its time ends. */
function nextLook(report: SignerReport | undefined, now: Date): number {
  if (report === undefined) return NOT_READY_SECONDS;
  const { problem, endsAt } = report;
  if (problem !== undefined)
    return Math.min(Math.max(NOT_READY_SECONDS, problem.retryAfterSeconds ?? 0), READY_SECONDS);
  const endsIn = endsAt === undefined ? READY_SECONDS : (endsAt.getTime() - now.getTime()) / 1000 + 1;
  return Math.max(1, Math.min(READY_SECONDS, endsIn));
}
