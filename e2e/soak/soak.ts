// SPDX-License-Identifier: Apache-2.0
// `npm run soak -- --minutes N [--teams N] [--seed N] [--runs-per-second N]`: two replicas, many teams and random trouble on real
// servers. Prints a ledger of what was finished, recorded, signed and stored, and exits 1 on any difference.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runResources } from '../../src/kube/tekton-resources.ts';
import { ManagedRuns } from '../resilience/managed-runs.ts';
import { processUsage } from '../resilience/process-usage.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { type Disturbance, operatorDisturbances, storeDisturbances, teamDisturbances } from './disturbances.ts';
import { Ledger } from './ledger.ts';
import { SeededRandom } from '../../src/runtime/seeded-random.fixture.ts';
import { watchRecords } from './record-watch.ts';
import { ARCHIVE_LABEL, SoakBed, type SoakTeam } from './soak-bed.ts';
import { storedDifferences } from './stored-differences.ts';

interface SoakOptions {
  readonly minutes: number;
  readonly teams: number;
  readonly seed: number;
  readonly runsPerSecond: number;
}

/** The time that everything may take to settle once the disturbances end. */
const SETTLE_SECONDS = 600;
const MOST_DIFFERENCES = 40;

function options(): SoakOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { minutes: text, teams: text, seed: text, 'runs-per-second': text },
  });
  const number = (name: keyof typeof values, standard: number): number => {
    const value = values[name] === undefined ? standard : Number(values[name]);
    if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} takes a number above 0`);
    return value;
  };
  return {
    minutes: number('minutes', 30),
    teams: number('teams', 8),
    seed: number('seed', Date.now() % 1_000_000),
    runsPerSecond: number('runs-per-second', 2),
  };
}

/** One soak: makes runs, makes trouble, and keeps the ledger. */
class Soak {
  readonly #options: SoakOptions;
  readonly #bed: SoakBed;
  readonly #ledger = new Ledger();
  readonly #happened = new Map<string, number>();
  readonly #began = performance.now();
  #deleted = 0;

  constructor(options: SoakOptions, bed: SoakBed) {
    this.#options = options;
    this.#bed = bed;
  }

  /** @returns the differences; none is a pass */
  async run(): Promise<readonly string[]> {
    const { seed } = this.#options;
    const watch = watchRecords(this.#bed.client, this.#ledger);
    const reviving = setInterval(() => {
      this.#bed.revive();
    }, 500);
    const progress = setInterval(() => {
      this.#say(JSON.stringify(this.#ledger.totals()));
    }, 30_000);
    try {
      // Either of them holds the Lease.
      await Promise.any(this.#bed.replicas.map(({ operator }) => operator.untilWorking()));
      await Promise.all([
        this.#makeRuns(new SeededRandom(seed)),
        this.#disturb(operatorDisturbances, new SeededRandom(seed + 1)),
        this.#disturb(storeDisturbances, new SeededRandom(seed + 2)),
        this.#disturb(teamDisturbances, new SeededRandom(seed + 3)),
      ]);
      this.#say('nothing goes wrong any more: waiting until everything is settled');
      await this.#settled();
      this.#say('comparing with what the registry and the bucket hold');
      return [...this.#ledger.differences(), ...(await storedDifferences(this.#bed, this.#ledger))];
    } finally {
      clearInterval(reviving);
      clearInterval(progress);
      await watch.stop();
    }
  }

  /** Prints the sums. */
  report(differences: readonly string[]): void {
    const { owed, ...totals } = this.#ledger.totals();
    const runs = new Set(this.#ledger.obligations.map(({ uid }) => uid)).size;
    const { minutes, teams, seed } = this.#options;
    console.log(`\nsoak of ${minutes} min, ${teams} namespaces, 2 replicas, seed ${seed}`);
    console.log('  disturbances');
    for (const [title, count] of [...this.#happened].toSorted())
      console.log(`    ${String(count).padStart(5)}  ${title}`);
    console.log('  ledger');
    const rows = {
      'runs finished': runs,
      'records owed': owed,
      ...totals,
      'runs deleted': this.#deleted,
      differences: differences.length,
    };
    for (const [title, count] of Object.entries(rows)) console.log(`    ${String(count).padStart(5)}  ${title}`);
    for (const { operator } of this.#bed.replicas) {
      const { peakResidentBytes, cpuSeconds } = processUsage(operator.pid);
      const mebibytes = (peakResidentBytes / 1024 / 1024).toFixed(0);
      console.log(`  ${operator.name}: peak ${mebibytes} MiB and ${cpuSeconds.toFixed(0)} s of CPU in its last life`);
    }
    for (const line of differences.slice(0, MOST_DIFFERENCES)) console.log(`  ${line}`);
    if (differences.length > MOST_DIFFERENCES) console.log(`  and ${differences.length - MOST_DIFFERENCES} more`);
  }

  get #isOver(): boolean {
    return performance.now() - this.#began > this.#options.minutes * 60_000;
  }

  async #makeRuns(random: SeededRandom): Promise<void> {
    for (let index = 0; !this.#isOver; index += 1) {
      const chosen = random.pick(this.#bed.teams);
      const isArchived = random.next() < 0.3;
      await this.#makeRun(chosen, `run-${index}`, isArchived);
      if (random.next() < 0.2) await this.#deleteRun(random);
      await sleep(random.next() * (2000 / this.#options.runsPerSecond));
    }
  }

  async #makeRun({ team, retention }: SoakTeam, name: string, isArchived: boolean): Promise<void> {
    const runs = new ManagedRuns(this.#bed.client, team, this.#bed.registry.host);
    const { uid, image } = await runs.build({ name, labels: isArchived ? ARCHIVE_LABEL : {} });
    const imageDigest = image.digest.slice('sha256:'.length);
    for (const policy of isArchived ? ['builds', 'archive'] : ['builds'])
      this.#ledger.owe({ namespace: team.name, run: name, uid, policy, imageDigest, mayRetire: retention !== 'Keep' });
  }

  /** Deletes a run that is done, as a pruner does. */
  async #deleteRun(random: SeededRandom): Promise<void> {
    const { obligations } = this.#ledger;
    if (obligations.length === 0) return;
    const { namespace, run, uid } = random.pick(obligations);
    const policies = obligations.filter((one) => one.uid === uid).map(({ policy }) => policy);
    if (!this.#ledger.isDone(uid, policies)) return;
    const signal = AbortSignal.timeout(30_000);
    if (await this.#bed.client.delete(runResources.TaskRun, { namespace, name: run }, { signal, uid }))
      this.#deleted += 1;
  }

  async #disturb(disturbances: readonly Disturbance[], random: SeededRandom): Promise<void> {
    await sleep(5000 * random.next());
    while (!this.#isOver) {
      const { title, happen } = random.pick(disturbances);
      this.#happened.set(title, (this.#happened.get(title) ?? 0) + 1);
      await happen(this.#bed, random);
      await sleep(1000 * random.between(2, 12));
    }
  }

  /** Waits until the ledger balances; what does not by then is a difference. */
  async #settled(): Promise<void> {
    const isSettled = (): boolean => this.#ledger.differences().length === 0;
    const patience = { timeoutSeconds: SETTLE_SECONDS, intervalMilliseconds: 1000 };
    await waitUntil('the ledger balances', isSettled, patience).catch((error: unknown) => {
      this.#say(error instanceof Error ? error.message : String(error));
    });
  }

  #say(text: string): void {
    console.log(`soak: ${((performance.now() - this.#began) / 60_000).toFixed(1)} min: ${text}`);
  }
}

const asked = options();
console.log(`soak: starting servers for ${asked.minutes} min with seed ${asked.seed}`);
const bed = await SoakBed.start({
  teams: asked.teams,
  retentionSeconds: Math.max(90, Math.min(300, asked.minutes * 15)),
});
try {
  const soak = new Soak(asked, bed);
  const differences = await soak.run();
  soak.report(differences);
  if (differences.length > 0) {
    bed.installation.testbed.supervisor.keepLogs();
    process.exitCode = 1;
  }
} finally {
  await bed.stop();
}
