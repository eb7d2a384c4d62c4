// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { numberField, stringField } from '../../src/json/fields.ts';
import { at } from '../chart/helm.ts';
import type { Team } from '../harness/team.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import type { ManagedProcess } from '../testbed/processes/managed-process.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import type { HostileBed } from './hostile-bed.ts';
import { ordinaryUser } from './ordinary-user.ts';

/** One run of the honest team. */
export interface Sample {
  readonly name: string;
  /** When its record was Ready, in milliseconds since 1970. */
  readonly atMs: number;
  /** The time from the end of the run to its record's readiness. */
  readonly milliseconds: number;
  /** The control: the time that the API server took for the two writes of the same run, right before, which are none of the operator's. */
  readonly plainMs: number;
  /** The part of `milliseconds` in which the operator was ready to work and other processes had the CPUs. */
  readonly waitedForCpuMs: number;
}

/** The largest of the fastest 99 in a hundred; of a measure of each sample, its time by default. */
export function p99(samples: readonly Sample[], measure = ({ milliseconds }: Sample): number => milliseconds): number {
  const sorted = samples.map(measure).toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}

/** A team that finishes a run every half second, and measures when each is signed and stored, in a process of its own. */
export class HonestTeam {
  readonly #team: Team;
  readonly #runs: ManagedRuns;
  readonly #image: PushedImage;
  readonly #builder: ManagedProcess;

  private constructor(bed: HostileBed, team: Team, image: PushedImage, builder: ManagedProcess) {
    this.#team = team;
    this.#runs = new ManagedRuns(bed.client, team);
    this.#image = image;
    this.#builder = builder;
  }

  /** Makes the team, and has it work from now on. */
  static async join(bed: HostileBed, name: string): Promise<HonestTeam> {
    const { installation, operator } = bed;
    const team = await installation.team({ name, policy: managedRuns, backends: ['tekton'] });
    await team.untilReady();
    const image = await team.registry.pushImage(`${name}/app`, 'honest');
    const [label = ''] = Object.keys(team.releaseLabel);
    const user = await ordinaryUser(installation, 'honest');
    const program = join(import.meta.dirname, 'honest-builder.ts');
    const builder = installation.testbed.supervisor.start({
      name: 'honest-builder',
      command: process.execPath,
      args: [program, user, name, label, team.registry.host, image.digest, String(operator.pid)],
    });
    return new HonestTeam(bed, team, image, builder);
  }

  get namespace(): string {
    return this.#team.name;
  }

  /** All measurements so far. */
  samples(): readonly Sample[] {
    const lines = readFileSync(this.#builder.logPath, 'utf8').split('\n');
    // The last line may be half written.
    return lines.slice(0, -1).flatMap((line) => (line.startsWith('{') ? [parseSample(JSON.parse(line))] : []));
  }

  /** Waits until so many more runs are signed. */
  async untilSigned(count: number): Promise<void> {
    const before = this.samples().length;
    await waitUntil(`${count} more honest runs are signed`, () => {
      if (this.#builder.exit !== undefined) throw new Error(`the honest team ended: ${this.#builder.logTail()}`);
      return this.samples().length >= before + count;
    });
  }

  /** Finishes no more runs, and waits for the last of them. */
  async rest(): Promise<void> {
    await this.#builder.stop(120);
  }

  /** Finishes one run, which is not measured. */
  async finishRun(name: string, labels: Readonly<Record<string, string>> = {}): Promise<{ name: string; uid: string }> {
    const run = await this.#runs.create({ name, labels });
    await this.#runs.finish(run, { results: this.#runs.imageResults(this.#image) });
    return { name, uid: String(at(run, 'metadata', 'uid')) };
  }
}

function parseSample(line: unknown): Sample {
  const number = (name: string): number => numberField(line, name) ?? NaN;
  return {
    name: stringField(line, 'name') ?? '',
    atMs: number('atMs'),
    milliseconds: number('milliseconds'),
    plainMs: number('plainMs'),
    waitedForCpuMs: number('waitedForCpuMs'),
  };
}
