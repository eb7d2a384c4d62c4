// SPDX-License-Identifier: Apache-2.0
import { describePolicy, type PolicyKey } from '../../pipelines/definitions.ts';
import type { WorkerLanes } from '../../runtime/lanes/worker-lanes.ts';
import { policyLane } from '../shares/policy-lane.ts';

/** The places of one run in the lanes of its policies: a signer that hangs holds up the runs of its policy alone. */
export class PolicyTurns {
  readonly #lanes: WorkerLanes;
  readonly #run: { readonly key: string; readonly namespace: string };
  readonly #leaving = new Map<string, () => void>();
  #areMissing = false;

  constructor(lanes: WorkerLanes, run: { readonly key: string; readonly namespace: string }) {
    this.#lanes = lanes;
    this.#run = run;
  }

  /** True when a policy had no room for the run, which is woken when its turn comes. */
  get areMissing(): boolean {
    return this.#areMissing;
  }

  /** @returns whether the policy has room for the run now */
  begin(policy: PolicyKey): boolean {
    const { key, namespace } = this.#run;
    const leave = this.#lanes.enter([policyLane(policy, namespace)], key);
    if (leave === undefined) this.#areMissing = true;
    else this.#leaving.set(describePolicy(policy), leave);
    return leave !== undefined;
  }

  /** The policy has recorded the run: its place is free. */
  endOf(policy: PolicyKey): void {
    this.#leaving.get(describePolicy(policy))?.();
  }

  /** Frees all places that are left. */
  end(): void {
    for (const leave of this.#leaving.values()) leave();
  }
}
