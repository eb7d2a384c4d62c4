// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { getPriority, setPriority } from 'node:os';
import { nameServer, type NameServer, type NameServerAnswer } from '../../src/net/lookup/name-server.fixture.ts';
import { freePort } from '../testbed/processes/free-port.ts';
import { HonestTeam, p99, type Sample } from './honest-team.ts';
import { HostileBed } from './hostile-bed.ts';
import { assertSeated, giveTenantsFewSeats } from './tenant-seats.ts';
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

/** Until the operator's code is warm. */
const WARMING_RUNS = 6;
const QUIET_RUNS = 24;
const RUNS_BESIDE = 40;
/** Less is not felt, however quick the quiet machine is. */
const FLOOR_MS = 500;
/** The operator makes some six calls of the API server for a run, one after the other; the control makes two. */
const CALLS_TO_CONTROL = 3;
/** The attackers' clients, servers and kubectl: on machines of their own, they would not take the control plane's cores. */
const ATTACKERS_NICENESS = 2;

/**
 * One operator, a team that attacks it in every way, and another that signs a run every half second meanwhile. Names are looked up at a name server of
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
  #quiet: readonly Sample[] = [];
  #seated = '';

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
      user: 'attackers',
    });
    await giveTenantsFewSeats(bed.installation);
    const member = await TeamAttacker.enter(bed);
    const honest = await HonestTeam.join(bed, 'team-honest');
    const arena = new Arena({ bed, member, honest, registry, internal, names }, answers);
    await honest.untilSigned(WARMING_RUNS + QUIET_RUNS);
    arena.#quiet = honest.samples().slice(WARMING_RUNS);
    // The control plane, the operator and the honest team run already, and stay as they are.
    setPriority(getPriority() + ATTACKERS_NICENESS);
    return arena;
  }

  /** Has a name of the attacker's mean something. @param answer asked each time; undefined: silence */
  name(name: string, answer: () => NameServerAnswer | undefined): void {
    this.#answers.set(name, answer);
  }

  /** Lets an attack happen, and notes its outcome. */
  async suffer(attacker: string, { title, gain, attempt }: Attack): Promise<void> {
    const beganMs = Date.now();
    const outcome = await attempt(this);
    const during = this.honest.samples().filter(({ atMs }) => atMs >= beganMs);
    const worstMs = during.length === 0 ? undefined : p99(during);
    this.#rows.push({ attacker, title, gain, outcome, worstMs });
  }

  /**
   * The honest team was not slower than twice its quiet time. Two things are taken off, as other teams have no part in them: the time that
   * the operator was ready and other processes had the CPUs, and what plain writes of the same team cost at the same time (the control).
   * Traps and crowds of the attacks stay while the last runs are awaited.
   */
  async assertUnfelt(): Promise<void> {
    await this.honest.untilSigned(Math.max(0, RUNS_BESIDE - this.#beside().length));
    await this.honest.rest();
    const beside = this.#beside();
    const slowest = beside.toSorted((one, other) => netMs(other) - netMs(one)).slice(0, 5);
    const limitMs = this.#limitMs();
    const netP99 = p99(beside, netMs);
    assert.ok(netP99 <= limitMs, `${netP99} ms is more than ${limitMs} ms: ${JSON.stringify(slowest)}`);
    this.#seated = await assertSeated(this.bed.installation);
  }

  #beside(): readonly Sample[] {
    return this.honest.samples().slice(WARMING_RUNS + this.#quiet.length);
  }

  #limitMs(): number {
    const plainMs = p99(this.#beside(), plain) - p99(this.#quiet, plain);
    return Math.max(2 * p99(this.#quiet), FLOOR_MS) + CALLS_TO_CONTROL * Math.max(0, plainMs);
  }

  /** The table of attacks, in Markdown. */
  table(): string {
    const beside = this.#beside();
    const shown = (ms: number | undefined): string => (ms === undefined ? '' : ms.toFixed(0));
    const quiet = `${shown(p99(this.#quiet))} ms quietly (${this.#quiet.length} runs, control ${shown(p99(this.#quiet, plain))} ms)`;
    const felt = `${shown(p99(beside))} ms beside ${this.#rows.length} attacks (${beside.length} runs, ${shown(p99(beside, netMs))} ms without waiting for a CPU, control ${shown(p99(beside, plain))} ms)`;
    return [
      `Honest team: p99 ${quiet}, ${felt}; the limit is ${shown(this.#limitMs())} ms.`,
      this.#seated,
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
    await this.bed.stop();
    await Promise.all([this.registry.stop(), this.internal.stop(), this.names.close()]);
  }
}

function plain({ plainMs }: Sample): number {
  return plainMs;
}

function netMs({ milliseconds, waitedForCpuMs }: Sample): number {
  return milliseconds - waitedForCpuMs;
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
