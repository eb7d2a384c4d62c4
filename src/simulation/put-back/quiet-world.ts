// SPDX-License-Identifier: Apache-2.0
import type { BackendPlan, PolicyPlan, RunPlan, WorldPlan } from '../world-plan.ts';

/** The differences of a world to a quiet one. */
export type WorldChanges = Partial<Omit<WorldPlan, 'seed' | 'ofFault'>>;

const NAMESPACE = 'team-0';

/** Plans a world of one replica with a namespace, a policy, a store and two runs, in which nothing goes wrong. The seed decides its delays alone. */
export function quietWorld(seed: number): WorldPlan {
  return {
    seed,
    settings: { concurrentRuns: 8, concurrentRecords: 8, maxRetrySeconds: 5 },
    replicas: 1,
    namespaces: [NAMESPACE],
    policies: policiesOf([NAMESPACE]),
    backends: stores(1),
    runs: runsOf([NAMESPACE], 2),
    incidents: [],
    healedMs: 60_000,
    // A look at everything, which comes later, would mend some faults.
    patienceMs: 4 * 60_000,
    faults: quietFaults(),
  };
}

/** Delays of some milliseconds and no failures, but for those given. */
export function quietFaults(changes: Partial<WorldPlan['faults']['api']> = {}): WorldPlan['faults'] {
  const reliable = { failing: 0, losingAnswers: 0, killing: 0 };
  return {
    api: { maxDelayMs: 5, maxLagMs: 0, ...reliable, ...changes },
    store: { maxDelayMs: 10, ...reliable },
    signer: { maxDelayMs: 0, failing: 0 },
  };
}

/** A policy in each namespace. */
export function policiesOf(namespaces: readonly string[], more: Partial<PolicyPlan> = {}): readonly PolicyPlan[] {
  return namespaces.map((namespace) => ({ namespace, name: 'policy', retention: 'Keep', ...more }));
}

/** Stores that all namespaces share. */
export function stores(count: number): readonly BackendPlan[] {
  return Array.from({ length: count }, (_, index) => storeOf('', `store-${index}`));
}

export function storeOf(namespace: string, name: string): BackendPlan {
  return { namespace, name, type: 'GCS' };
}

/** Some runs in each namespace; 0 is before the operator starts. */
export function runsOf(
  namespaces: readonly string[],
  count: number,
  { finishedMs, deletedMs }: Pick<RunPlan, 'finishedMs' | 'deletedMs'> = { finishedMs: 0, deletedMs: undefined },
): readonly RunPlan[] {
  return namespaces.flatMap((namespace) =>
    Array.from({ length: count }, (_, index) => ({ namespace, name: `run-${index}`, finishedMs, deletedMs })),
  );
}
