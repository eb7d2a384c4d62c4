// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { at } from '../chart/helm.ts';
import { conditionOf } from '../harness/record.ts';
import type { Team } from '../harness/team.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { processUsage } from '../resilience/process-usage.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import type { HostileBed } from './hostile-bed.ts';

/** The time from the end of a run to its record's readiness. */
export interface Sample {
  readonly atMs: number;
  readonly milliseconds: number;
  /**
   * The time that plain work of the test took: two writes of the same run right before, and the slowest look at its record meanwhile.
   * A machine that has too much to do is slow for all.
   */
  readonly machineMs: number;
  /** The part of `milliseconds` in which the operator was ready to work and other processes had the CPUs. */
  readonly waitedForCpuMs: number;
}

/** The largest of the fastest 99 in a hundred; of a measure of each sample, its time by default. */
export function p99(samples: readonly Sample[], measure = ({ milliseconds }: Sample): number => milliseconds): number {
  const sorted = samples.map(measure).toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

/** A team that finishes a run every second, and measures when each is signed and stored. */
export class HonestTeam {
  readonly #bed: HostileBed;
  readonly #team: Team;
  readonly #runs: ManagedRuns;
  readonly #image: PushedImage;
  readonly #samples: Sample[] = [];
  #count = 0;

  private constructor(bed: HostileBed, team: Team, image: PushedImage) {
    this.#bed = bed;
    this.#team = team;
    this.#runs = new ManagedRuns(bed.client, team);
    this.#image = image;
  }

  static async join(bed: HostileBed, name: string): Promise<HonestTeam> {
    const team = await bed.installation.team({ name, policy: managedRuns, backends: ['tekton'] });
    await team.untilReady();
    return new HonestTeam(bed, team, await team.registry.pushImage(`${name}/app`, 'honest'));
  }

  get namespace(): string {
    return this.#team.name;
  }

  /** All measurements so far. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Finishes runs, one each second, until the signal or the number of them ends it, and waits for the last of them. */
  async work({ signal, count = Infinity }: { readonly signal: AbortSignal; readonly count?: number }): Promise<void> {
    const open: Promise<void>[] = [];
    for (let done = 0; done < count && !signal.aborted; done += 1) {
      open.push(this.#measure());
      await delay(1000, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(open);
  }

  /** Finishes one run, which is not measured. */
  async finishRun(name: string, labels: Readonly<Record<string, string>> = {}): Promise<{ name: string; uid: string }> {
    const run = await this.#runs.create({ name, labels });
    await this.#runs.finish(run, { results: this.#runs.imageResults(this.#image) });
    return { name, uid: String(at(run, 'metadata', 'uid')) };
  }

  async #measure(): Promise<void> {
    this.#count += 1;
    const name = `honest-${this.#count}`;
    const createdMs = performance.now();
    const identity = await this.finishRun(name);
    const beganMs = performance.now();
    const waitedBefore = this.#waitedForCpuMs();
    let machineMs = beganMs - createdMs;
    let lookedMs = beganMs;
    const noteLook = (): void => {
      const nowMs = performance.now();
      machineMs = Math.max(machineMs, nowMs - lookedMs);
      lookedMs = nowMs;
    };
    const isReady = async (): Promise<boolean> => {
      noteLook();
      const record = await this.#bed.record(identity, this.#team);
      return record !== undefined && conditionOf(record)?.status === 'True';
    };
    await waitUntil(`the honest run ${name} is signed`, isReady);
    noteLook();
    const waitedForCpuMs = this.#waitedForCpuMs() - waitedBefore;
    this.#samples.push({ atMs: lookedMs, milliseconds: lookedMs - beganMs, machineMs, waitedForCpuMs });
  }

  #waitedForCpuMs(): number {
    return processUsage(this.#bed.operator.pid).waitedForCpuMs;
  }
}
