// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import { policyKey, type PolicyKey } from '../../pipelines/policy-key.ts';
import type { Pipeline } from '../../pipelines/pipeline.ts';
import { recordKey } from '../../records/record-key.ts';
import type { RunKey } from '../../tekton/run-key.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { LackingPipeline } from './gather-run.ts';

/** Runs that are remembered. One that is forgotten is looked at once more for policies that had their turn. */
const MAX_RUNS = 10_000;

/** Versions of all that decides what a policy makes of a run. */
interface Versions {
  readonly pipeline: Pipeline;
  readonly run: string;
  readonly record: string | undefined;
}

/**
 * The policies that had their turn while a run waits for that of others. A record that cannot be completed, because its policy is invalid,
 * say, is lacking after a turn as before it. Without this book, runs with two such policies would give way to each other for ever, each
 * with the turn that the other has to wait for.
 */
export class ServedPolicies {
  readonly #context: Pick<ControllerContext, 'records'>;
  readonly #served = new LRUCache<RunKey, Map<PolicyKey, Versions>>({ max: MAX_RUNS });

  constructor(context: Pick<ControllerContext, 'records'>) {
    this.#context = context;
  }

  /** True when the policy had its turn since the run was last done, and nothing has changed that concerns it. */
  has(key: RunKey, run: RunSummary, lacking: LackingPipeline): boolean {
    const known = this.#served.get(key)?.get(policyKey(lacking.pipeline.policy));
    if (known === undefined) return false;
    const { pipeline, run: version, record } = this.#versions(run, lacking);
    return known.pipeline === pipeline && known.run === version && known.record === record;
  }

  /** The policies had their turn, and the run waits for that of others. */
  add(key: RunKey, run: RunSummary, pipelines: readonly LackingPipeline[]): void {
    const served = this.#served.get(key) ?? new Map<PolicyKey, Versions>();
    for (const lacking of pipelines) served.set(policyKey(lacking.pipeline.policy), this.#versions(run, lacking));
    this.#served.set(key, served);
  }

  /** The run waits for no turn any more. */
  delete(key: RunKey): void {
    this.#served.delete(key);
  }

  #versions(
    { namespace, resourceVersion: run }: RunSummary,
    { pipeline, recordName: name }: LackingPipeline,
  ): Versions {
    return { pipeline, run, record: this.#context.records.get(recordKey({ namespace, name }))?.resourceVersion };
  }
}
