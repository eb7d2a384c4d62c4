// SPDX-License-Identifier: Apache-2.0
import type { AnyController } from '../runtime/queue/controller.ts';
import type { Debt } from './ledger.ts';
import type { ModelCluster } from './model/cluster.ts';
import type { ModelStore } from './model/store.ts';
import type { OperatorLife } from './operator-life.ts';
import type { WorldPlan } from './world-plan.ts';

export interface IdleLook {
  readonly nowMs: number;
  readonly operators: readonly OperatorLife[];
  readonly owed: readonly Debt[];
  readonly cluster: ModelCluster;
  readonly stores: Iterable<ModelStore>;
}

/** Debts that nothing has enqueued for this long are a fault: by then every event has arrived. */
const LIMBO_MS = 5_000;
/** A store counts as healthy after this long without trouble: by then a probe has noticed. */
const RECOVERED_MS = 30_000;

/** Finds forgotten keys: work is pending and possible, a worker is idle, and no queue holds the key. */
export class IdleWatch {
  readonly #plan: WorldPlan;
  readonly #sinceMs = new Map<string, number>();
  readonly #unwellMs = new Map<string, number>();

  constructor(plan: WorldPlan) {
    this.#plan = plan;
  }

  /** @returns a message for each forgotten key */
  look({ nowMs, operators, owed, stores }: IdleLook): readonly string[] {
    const stuck = new Map<string, Debt>();
    // A store may recover before anything is owed to it, and the probe that notices comes later.
    for (const store of stores) if (!store.isWell) this.#unwellMs.set(store.name, nowMs);
    for (const debt of owed) {
      const operator = operators.find((each) => each.isWorking && each.owns(debt.namespace));
      if (operator !== undefined && this.#isInLimbo(operator, debt, nowMs))
        stuck.set(`${debt.kind} ${debt.key} ${debt.store?.name ?? ''}`, debt);
    }
    for (const name of this.#sinceMs.keys()) if (!stuck.has(name)) this.#sinceMs.delete(name);
    return [...stuck].flatMap(([name, { what }]) => {
      const sinceMs = this.#sinceMs.get(name) ?? nowMs;
      this.#sinceMs.set(name, sinceMs);
      return nowMs - sinceMs >= LIMBO_MS ? [`a worker is idle and nothing is planned although ${what()}`] : [];
    });
  }

  #isInLimbo(operator: OperatorLife, { kind, key, store }: Debt, nowMs: number): boolean {
    if (!this.#isApiCalm) return false;
    // A namespace or policy without an active run always has a free slot, even with the smallest share.
    if (kind === 'Record') return isForgotten(operator.controller('run'), key, 0);
    if (kind === 'Guard') return isForgotten(operator.controller('deletion-guard'), key, 0);
    if (kind !== 'Storage' || store === undefined) return false;
    const wasUnwellMs = this.#unwellMs.get(store.name) ?? -Infinity;
    const isWell = nowMs - wasUnwellMs > RECOVERED_MS && this.#plan.faults.store.failing === 0;
    if (!isWell || store.active(operator.life) > 0) return false;
    // With fewer than half of the workers active, the lanes leave a slot for this store, which uses none.
    const half = Math.ceil((3 * this.#plan.settings.concurrentRecords) / 2) - 1;
    return isForgotten(operator.controller('provenance-record'), key, half);
  }

  /** With API trouble, events may be late. */
  get #isApiCalm(): boolean {
    const troubles = ['ApiAway', 'WatchesCut', 'HistoryCompacted', 'Paused', 'CutOff'];
    return this.#plan.incidents.every(({ kind }) => !troubles.includes(kind));
  }
}

/** The key is neither queued nor active, and at most `maxActive` keys are active. */
function isForgotten(controller: AnyController | undefined, key: string, maxActive: number): boolean {
  return controller !== undefined && !controller.queue.has(key) && controller.active <= maxActive;
}
