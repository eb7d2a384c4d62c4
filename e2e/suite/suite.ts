// SPDX-License-Identifier: Apache-2.0
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingRecipes } from '../testbed/binaries/ensure-binary.ts';
import { cacheDirectory } from '../testbed/binaries/cache-directory.ts';
import { bundleForSuite } from '../harness/bundle.ts';
import { PoolServer } from '../testbed/pool/pool-server.ts';
import { changedPaths } from './changed-paths.ts';
import { bundleTypebox, typeboxFolder } from './processes/bundled-typebox.ts';
import { ChildProcesses } from './processes/child-processes.ts';
import { endToEndBuilds, endToEndOrder, recordedSeconds, recordPath } from './end-to-end-order.ts';
import { ImportGraph } from '../../codegen/verify/import-graph.ts';
import { runFiles, type RunOptions } from './processes/run-files.ts';
import type { SuiteOptions } from './suite-options.ts';
import type { TimeLimits } from './processes/test-processes.ts';
import { testGroups } from './processes/test-groups.ts';
import { removeOldFiles } from './remove-old-files.ts';
import { readTimes, timesTable } from './times-table.ts';
import { touchedTests } from './touched-tests.ts';

const unitPatterns = [
  'src/**/*.test.ts',
  'codegen/**/*.test.ts',
  'bench/**/*.test.ts',
  'packaging/**/*.test.ts',
  'e2e/suite/**/*.test.ts',
];
/** The usual number of cores: unit tests compute, and wait for nothing. */
const unitJobs = 2;
/** The simulation plays the rest of its hundred worlds with all tests. Each fault that is put back is found all the same. */
const checkedWorlds = 30;
/** Processes that the unit tests share: some more than run at a time, so that both cores have work to the end. */
const unitGroups = 6;
/** The slowest test that does not say how long it may take needs an eighth of it on two quiet cores. */
const usualLimits: TimeLimits = { testSeconds: 600, blockedSeconds: 180, lingerSeconds: 30 };
/** The limit of a test whose hooks may wait for a server that is still being built: on a slow machine that also runs tests, all of them take an hour. */
const buildingTestSeconds = 3600;

/** A run of the tests, whole or in part. */
export class Suite {
  readonly #root: string;
  readonly #options: SuiteOptions;
  readonly #children: ChildProcesses;
  readonly #graph: ImportGraph;
  readonly #began = performance.now();
  readonly #times = mkdtempSync(join(tmpdir(), 'hallmark-times-'));
  readonly #seconds = new Map<string, number>();
  readonly #compiled = join(cacheDirectory(), 'compiled');

  constructor(root: string, options: SuiteOptions) {
    this.#root = root;
    this.#options = options;
    this.#children = new ChildProcesses(root);
    this.#graph = ImportGraph.read(root, ['src', 'codegen', 'e2e', 'bench', 'packaging']);
    process.env.HALLMARK_TEST_TIMES = this.#times;
    // Test files and the processes that they start compile the same sources again and again.
    process.env.NODE_COMPILE_CACHE ??= this.#compiled;
  }

  /** Runs what the options ask for; resolves with whether all of it passed. */
  async run(): Promise<boolean> {
    try {
      const isPassed = await this.#selected();
      if (this.#options.withTimes) {
        const times = readTimes(this.#times, { root: this.#root, seconds: this.#seconds });
        console.log(`\n${timesTable(times)}`);
      }
      if (this.#options.isRecorded) this.#record();
      return isPassed && !this.#children.signal.aborted;
    } finally {
      rmSync(this.#times, { recursive: true, force: true });
      // Each suite has a bundle at a path of its own, whose compiled code no other suite uses.
      removeOldFiles(this.#compiled, { days: 2, now: new Date() });
    }
  }

  #selected(): Promise<boolean> {
    const { files, isChanged, isCheck } = this.#options;
    if (files.length > 0) return this.#given(files);
    if (isCheck) return this.#check();
    return isChanged ? this.#changed() : this.#everything();
  }

  async #given(patterns: readonly string[]): Promise<boolean> {
    const files = this.#files(patterns);
    if (files.length === 0) throw new Error(`no test file is called ${patterns.join(' or ')}`);
    return this.#endToEnd('given tests', files);
  }

  async #check(): Promise<boolean> {
    process.env.HALLMARK_SIMULATED_WORLDS = String(checkedWorlds);
    // A file that passed in one checkout need not be checked again in another: its key holds all that the result depends on.
    process.env.HALLMARK_GATE_CACHE ??= join(cacheDirectory(), '..', 'gate');
    return this.#close(await this.#gateAndUnits(this.#files(unitPatterns)));
  }

  async #changed(): Promise<boolean> {
    const units = this.#files(unitPatterns);
    const changed = changedPaths(this.#root);
    const touched = new Set(touchedTests(this.#graph, this.#allFiles(), changed));
    this.#say(`${changed.length} changed files touch ${touched.size} test files`);
    const results = await this.#gateAndUnits(units.filter((file) => touched.has(file)));
    const others = [...touched].filter((file) => !units.includes(file));
    if (others.length > 0) results.push(await this.#endToEnd('end-to-end tests', others));
    return this.#close(results);
  }

  async #everything(): Promise<boolean> {
    const units = this.#files(unitPatterns);
    const others = this.#allFiles().filter((file) => !units.includes(file));
    const build = this.#build(endToEndBuilds(others, { graph: this.#graph, expected: recordedSeconds(this.#root) }));
    const results = await this.#gateAndUnits(units);
    results.push(await this.#endToEnd('end-to-end tests', others));
    results.push(await build);
    return this.#close(results);
  }

  /** Builds what is not there yet, in the order in which tests need it; they wait for what they need. */
  async #build(names: readonly string[]): Promise<boolean> {
    if (names.length === 0) return true;
    this.#say(`building ${names.length} servers of the testbed meanwhile: ${names.join(', ')}`);
    return (await this.#children.node(['e2e/testbed/build.ts', ...names])).isPassed;
  }

  /** Runs the gate and the unit tests at once, so that no core is idle at the end of either, and prints the gate last. */
  async #gateAndUnits(files: readonly string[]): Promise<boolean[]> {
    const gate = this.#children.node(['codegen/verify.ts'], { isHeldBack: true });
    const areUnitsRight = await this.#units(files);
    const { isPassed, output } = await gate;
    this.#say('static gate, beside the unit tests');
    process.stdout.write(output);
    return [isPassed, areUnitsRight];
  }

  async #units(files: readonly string[]): Promise<boolean> {
    if (files.length === 0 || this.#children.signal.aborted) return !this.#children.signal.aborted;
    const { seed } = this.#options;
    const groups = testGroups(files, { groups: unitGroups, expected: recordedSeconds(this.#root), seed });
    this.#say(`unit and contract tests: ${files.length} files${shuffledBy(seed)}`);
    return this.#run(groups, { jobs: unitJobs, limits: usualLimits });
  }

  async #endToEnd(name: string, files: readonly string[]): Promise<boolean> {
    const { seed, jobs } = this.#options;
    if (this.#children.signal.aborted) return false;
    const order = endToEndOrder(files, { graph: this.#graph, expected: recordedSeconds(this.#root), seed });
    this.#say(`${name}: ${files.length} files${shuffledBy(seed)}`);
    if (files.length > 1) await bundleTypebox(this.#root, typeboxFolder(await bundleForSuite()));
    const pool = files.length > 1 ? await PoolServer.start() : undefined;
    if (pool !== undefined) process.env.HALLMARK_TESTBED_POOL = pool.path;
    try {
      const alone = order.map((file) => [file]);
      const isBuilding = missingRecipes().length > 0;
      const testSeconds = isBuilding ? buildingTestSeconds : usualLimits.testSeconds;
      const isPassed = await this.#run(alone, { jobs, limits: { ...usualLimits, testSeconds } });
      const { lent, started } = pool?.counts ?? { lent: 0, started: 0 };
      if (lent > 0) this.#say(`${started} control planes served ${lent} times`);
      return isPassed;
    } finally {
      await pool?.stop();
    }
  }

  async #run(groups: readonly (readonly string[])[], limited: Pick<RunOptions, 'jobs' | 'limits'>): Promise<boolean> {
    const options = { ...limited, root: this.#root, signal: this.#children.signal };
    const { isPassed, seconds } = await runFiles(groups, options);
    for (const [file, taken] of seconds) this.#seconds.set(file, taken);
    return isPassed;
  }

  #record(): void {
    const all = [...recordedSeconds(this.#root), ...this.#seconds].map(
      ([file, taken]) => [file, Math.ceil(taken)] as const,
    );
    const sorted = Object.fromEntries(new Map(all.toSorted(([one], [other]) => one.localeCompare(other))));
    writeFileSync(join(this.#root, recordPath), `${JSON.stringify(sorted, undefined, 2)}\n`);
  }

  #allFiles(): readonly string[] {
    return this.#files([
      'src/**/*.test.ts',
      'codegen/**/*.test.ts',
      'bench/**/*.test.ts',
      'packaging/**/*.test.ts',
      'e2e/**/*.test.ts',
    ]);
  }

  #files(patterns: readonly string[]): string[] {
    return globSync([...patterns], { cwd: this.#root }).sort();
  }

  #say(text: string): void {
    const seconds = Math.round((performance.now() - this.#began) / 1000);
    console.log(`\n==> ${text} (${Math.floor(seconds / 60)} min ${seconds % 60} s since the start)`);
  }

  #close(results: readonly boolean[]): boolean {
    const isPassed = results.every(Boolean);
    this.#say(isPassed ? 'all passed' : 'FAILED: see above');
    return isPassed;
  }
}

function shuffledBy(seed: number | undefined): string {
  return seed === undefined ? '' : `, shuffled by --seed ${seed}`;
}
