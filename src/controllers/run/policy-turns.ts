// SPDX-License-Identifier: Apache-2.0
import type { WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import { policyLane } from '../shares/server-lanes.ts';
import { policyKey, type PolicyKey, type PolicyName } from '../../pipelines/policy-key.ts';
import type { RunKey } from '../../tekton/run-key.ts';

/** The places of one run in the lanes of its policies: a signer that hangs holds up the runs of its policy alone. */
export class PolicyTurns {
  readonly #lanes: WorkerLanes<RunKey>;
  readonly #run: { readonly key: RunKey; readonly namespace: string };
  readonly #leaving = new Map<PolicyKey, () => void>();
  #areMissing = false;

  constructor(lanes: WorkerLanes<RunKey>, run: { readonly key: RunKey; readonly namespace: string }) {
    this.#lanes = lanes;
    this.#run = run;
  }

  /** True when a policy had no room for the run, which is woken when its turn comes. */
  get areMissing(): boolean {
    return this.#areMissing;
  }

  /** @returns true when the policy has room for the run now */
  begin(policy: PolicyName): boolean {
    const { key, namespace } = this.#run;
    const leave = this.#lanes.enter([policyLane(policy, namespace)], key);
    if (leave === undefined) this.#areMissing = true;
    else this.#leaving.set(policyKey(policy), leave);
    return leave !== undefined;
  }

  /** The policy has recorded the run: its place is free. */
  endOf(policy: PolicyName): void {
    this.#leaving.get(policyKey(policy))?.();
  }

  /** Frees all places that are left. */
  end(): void {
    for (const leave of this.#leaving.values()) leave();
  }
}
