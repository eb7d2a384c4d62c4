// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const runner = join(import.meta.dirname, 'run-files.ts');
const imports =
  "import assert from 'node:assert/strict';\nimport { before, beforeEach, describe, it } from 'node:test';\n";
const files = {
  good: "let hooks = 0; beforeEach(() => { hooks += 1; }); it('is good', () => { assert.equal(hooks, 1); });",
  alsoGood: "describe('a thing', () => { it('is also good', () => {}); });",
  wrong: "it('is wrong', () => { assert.equal(1, 2); });",
  unreadable: "import './missing.ts'; it('is not reached', () => {});",
  littering: "process.env.LITTER = 'left'; it('litters', () => {});",
  hanging: "it('hangs', () => new Promise((resolve) => setTimeout(resolve, 60_000).unref()));",
  looping: "it('loops', () => { for (;;); });",
  exiting: "it('exits', () => { process.exit(3); });",
  lingering: "it('lingers', () => { setInterval(() => {}, 1000); });",
} as const;
type Name = keyof typeof files;

describe('test files that share a process', () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'hallmark-run-files-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, `${name}.test.ts`), imports + text);
  });
  after(() => {
    rmSync(root, { recursive: true });
  });

  function run(...names: readonly Name[]): { readonly passed: boolean; readonly output: string } {
    const blockedSeconds = names.includes('looping') ? 2 : 60;
    const limits = { testSeconds: 3, blockedSeconds, lingerSeconds: 2 };
    const program = `
      import { runFiles } from ${JSON.stringify(runner)};
      const groups = [${JSON.stringify(names.map((name) => `${name}.test.ts`))}];
      const options = { root: ${JSON.stringify(root)}, jobs: 1, limits: ${JSON.stringify(limits)} };
      const { isPassed, seconds } = await runFiles(groups, { ...options, signal: new AbortController().signal });
      console.log('took', [...seconds.keys()].join(' '));
      process.exitCode = isPassed ? 0 : 1;
    `;
    // With it, node:test takes the program for a test file, which may run no others.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    writeFileSync(join(root, 'program.ts'), program);
    const ended = spawnSync(process.execPath, [join(root, 'program.ts')], { encoding: 'utf8', env });
    return { passed: ended.status === 0, output: `${ended.stdout}${ended.stderr}` };
  }

  it('pass, each with hooks of its own, and each with its seconds', () => {
    const { passed, output } = run('good', 'alsoGood', 'good');
    assert.ok(passed, output);
    assert.match(output, /took good\.test\.ts alsoGood\.test\.ts/);
    assert.match(output, /ℹ tests 2\n/);
  });

  const faults: Readonly<Record<string, readonly [Name, RegExp]>> = {
    'whose assertion fails': ['wrong', /✖ is wrong/],
    'that cannot be loaded': ['unreadable', /✖ unreadable\.test\.ts/],
    'that leaves the environment changed': ['littering', /✖ littering\.test\.ts[^]*LITTER/],
    'that waits for ever': ['hanging', /✖ hangs[^]*timed out after 3000ms/],
  };
  for (const [title, [name, said]] of Object.entries(faults)) {
    it(`name one ${title}, and run the others`, () => {
      const { passed, output } = run(name, 'good');
      assert.equal(passed, false);
      assert.match(output, said);
      assert.match(output, /✔ is good/);
    });
  }

  const deaths: Readonly<Record<string, readonly [Name, RegExp]>> = {
    'computes for ever': ['looping', /✖ looping\.test\.ts: no timer of its process fired for 2 s/],
    'ends the process': ['exiting', /✖ exiting\.test\.ts: its process died/],
  };
  for (const [title, [name, said]] of Object.entries(deaths)) {
    it(`name one that ${title}`, () => {
      const { passed, output } = run('good', name);
      assert.equal(passed, false);
      assert.match(output, said);
    });
  }

  it('name one that keeps the process from ending', () => {
    const { passed, output } = run('good', 'lingering', 'alsoGood');
    assert.equal(passed, false);
    assert.match(output, /did not end 2 s after its last test: Timeout of lingering\.test\.ts/);
  });
});
