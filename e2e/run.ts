// SPDX-License-Identifier: Apache-2.0
// `npm test`: the static gate, the unit tests and the end-to-end tests, in this order, on real servers that are built while the
// first two run. `npm test -- FILE…` runs only the given test files.
import { spawn, type ChildProcess } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const began = performance.now();

function say(text: string): void {
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`\n==> ${text} (${Math.floor(seconds / 60)} min ${seconds % 60} s since the start)`);
}

const running = new Set<ChildProcess>();
let isStopped = false;
// A terminal tells all of them; whoever ends this process alone means what it started, too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    isStopped = true;
    for (const child of running) child.kill(signal);
  });
}

function start(
  program: string,
  args: readonly string[],
): { readonly child: ChildProcess; readonly code: Promise<number> } {
  const { promise, resolve } = Promise.withResolvers<number>();
  const child = spawn(program, args, { cwd: root, stdio: 'inherit' });
  running.add(child);
  child.once('error', (error) => {
    console.error(error.message);
    resolve(1);
  });
  child.once('exit', (code) => {
    running.delete(child);
    resolve(code ?? 1);
  });
  return { child, code: promise };
}

function testFiles(patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: root }).sort();
}

async function tests(name: string, files: readonly string[], concurrency: number): Promise<number> {
  if (isStopped) return 1;
  say(`${name}: ${files.length} files`);
  const flags = ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=1200000', '--test-reporter=spec'];
  return start(process.execPath, [...flags, ...files]).code;
}

const given = process.argv.slice(2);
if (given.length > 0) {
  process.exitCode = await tests('given tests', given, 1);
} else {
  say('building the servers of the testbed beside the first checks');
  const build = start(process.execPath, ['e2e/testbed/build.ts']);
  const codes: number[] = [];
  say('static gate');
  codes.push(await start(process.execPath, ['codegen/verify.ts']).code);
  codes.push(await tests('unit and contract tests', testFiles(['src/**/*.test.ts', 'codegen/**/*.test.ts']), 2));
  say('waiting for the servers that are still being built');
  codes.push(await build.code);
  codes.push(await tests('end-to-end tests', testFiles(['e2e/**/*.test.ts']), 2));
  say(codes.every((code) => code === 0) ? 'all passed' : 'FAILED: see above');
  process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
}
