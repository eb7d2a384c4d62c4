// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { nameServer, type NameServer, type NameServerAnswer } from '../../src/net/lookup/name-server.fixture.ts';
import { freePort } from '../testbed/processes/free-port.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { HonestTeam, p99, type Sample } from './honest-team.ts';
import { HostileBed } from './hostile-bed.ts';
import { TeamAttacker } from './team-attacker.ts';
import { Trap } from './trap.ts';

/** One thing that an attacker tries. */
export interface Attack {
  /** A sentence about the behaviour, and the name of the test. */
  readonly title: string;
  /** The attacker's purpose. */
  readonly gain: string;
  /** Tries it, and asserts that it comes to nothing. @returns the outcome, for people */
  readonly attempt: (arena: Arena) => Promise<string>;
}

interface Row {
  readonly attacker: string;
  readonly title: string;
  readonly gain: string;
  readonly outcome: string;
  readonly worstMs: number | undefined;
}

/** Latencies below are not felt, however quick the quiet machine is. */
const FLOOR_MS = 5000;
/** The operator's part takes some calls of the API server, where plain work of the test is slow for want of a faster machine. */
const SLOW_MACHINE = 6;
const QUIET_RUNS = 8;
const RUNS_BESIDE = 10;

/**
 * One operator, a team that attacks it in every way, and another that signs a run every second meanwhile. Names are looked up at a name server of
 * the attacker's; `registry` is a server of the attacker's that the operator may reach, `internal` one that it may not.
 */
export class Arena {
  readonly bed: HostileBed;
  readonly member: TeamAttacker;
  readonly honest: HonestTeam;
  readonly registry: Trap;
  readonly internal: Trap;
  readonly names: NameServer;
  readonly #answers: Map<string, () => NameServerAnswer | undefined>;
  readonly #rows: Row[] = [];
  readonly #ended = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #quietMs = 0;

  private constructor(
    parts: Pick<Arena, 'bed' | 'member' | 'honest' | 'registry' | 'internal' | 'names'>,
    answers: Map<string, () => NameServerAnswer | undefined>,
  ) {
    this.bed = parts.bed;
    this.member = parts.member;
    this.honest = parts.honest;
    this.registry = parts.registry;
    this.internal = parts.internal;
    this.names = parts.names;
    this.#answers = answers;
  }

  /** Starts everything, measures the honest team quietly, and lets it work on. */
  static async start(): Promise<Arena> {
    const answers = new Map<string, () => NameServerAnswer | undefined>();
    const names = await nameServer((name) => (answers.get(name) ?? (() => ({ code: 3 })))());
    const [registry, internal] = [new Trap(), new Trap()];
    await registry.start(await freePort());
    await internal.start(await freePort());
    const bed = await HostileBed.start({
      label: 'attackers',
      tekton: 'Kinds',
      values: ['admissionPolicy.enabled=false'],
      outbound: [registry.host],
      nodeArgs: [`--import=${askingAt(names.address)}`],
    });
    const member = await TeamAttacker.enter(bed);
    const honest = await HonestTeam.join(bed, 'team-honest');
    const arena = new Arena({ bed, member, honest, registry, internal, names }, answers);
    const { signal } = arena.#ended;
    await honest.work({ signal, count: QUIET_RUNS });
    arena.#quietMs = p99(honest.samples);
    arena.#work = honest.work({ signal });
    return arena;
  }

  /** Has a name of the attacker's mean something. @param answer asked each time; undefined: silence */
  name(name: string, answer: () => NameServerAnswer | undefined): void {
    this.#answers.set(name, answer);
  }

  /** Lets an attack happen, and notes its outcome. */
  async suffer(attacker: string, { title, gain, attempt }: Attack): Promise<void> {
    const beganMs = performance.now();
    const outcome = await attempt(this);
    const during = this.honest.samples.filter(({ atMs }) => atMs >= beganMs);
    const worstMs = during.length === 0 ? undefined : p99(during);
    this.#rows.push({ attacker, title, gain, outcome, worstMs });
  }

  /** The honest team was not slower than twice its quiet time. Traps and crowds of the attacks stay while the last runs are awaited. */
  async assertUnfelt(): Promise<void> {
    const isEnough = (): boolean => this.honest.samples.length >= QUIET_RUNS + RUNS_BESIDE;
    await waitUntil('enough honest runs were signed beside the attacks', isEnough);
    this.#ended.abort();
    await this.#work;
    const beside = this.honest.samples.slice(QUIET_RUNS);
    const overLimit = ({ milliseconds, machineMs, waitedForCpuMs }: Sample): number =>
      (milliseconds - waitedForCpuMs) / Math.max(2 * this.#quietMs, FLOOR_MS, SLOW_MACHINE * machineMs);
    const slowest = JSON.stringify(beside.toSorted((one, other) => overLimit(other) - overLimit(one)).slice(0, 5));
    assert.ok(p99(beside, overLimit) <= 1, `${this.#quietMs} ms quietly, and beside the attacks ${slowest}`);
  }

  /** The table of attacks, in Markdown. */
  table(): string {
    const beside = p99(this.honest.samples.slice(QUIET_RUNS));
    const machineMs = (sample: Sample): number => sample.machineMs;
    const shown = (ms: number | undefined): string => (ms === undefined ? '' : ms.toFixed(0));
    return [
      `Honest team: p99 ${shown(this.#quietMs)} ms quietly, ${shown(beside)} ms beside ${this.#rows.length} attacks (plain work of the test took ${shown(p99(this.honest.samples.slice(QUIET_RUNS), machineMs))} ms).`,
      '',
      '| attacker | attack | would gain | outcome | honest p99 beside it (ms) |',
      '| --- | --- | --- | --- | --- |',
      ...this.#rows.map(
        ({ attacker, title, gain, outcome, worstMs }) =>
          `| ${attacker} | ${title} | ${gain} | ${outcome} | ${shown(worstMs)} |`,
      ),
    ].join('\n');
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#work.catch(() => undefined);
    await this.bed.stop();
    await Promise.all([this.registry.stop(), this.internal.stop(), this.names.close()]);
  }
}

/** A module that has a process ask this name server, as its resolv.conf would. */
function askingAt(address: string): string {
  const script = `
    import { Resolver } from 'node:dns/promises';
    for (const method of ['resolve4', 'resolve6']) {
      const ask = Resolver.prototype[method];
      Resolver.prototype[method] = function (...call) {
        this.setServers([${JSON.stringify(address)}]);
        return ask.apply(this, call);
      };
    }`;
  return `data:text/javascript,${encodeURIComponent(script)}`;
}
