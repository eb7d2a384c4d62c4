// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { steps, type Step } from './verify/steps.ts';

const root = join(import.meta.dirname, '..');
const binaries = join(root, 'node_modules', '.bin');

/** Runs a step with the tools of the checkout first on the PATH; resolves with whether it passed, and never rejects. */
function run({ command: [command, ...args] }: Step): Promise<boolean> {
  const env = { ...process.env, PATH: `${binaries}${delimiter}${process.env['PATH'] ?? ''}` };
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(false);
    });
    child.once('close', (code) => {
      resolve(code === 0);
    });
  });
}

/** Runs the wanted steps to the end, also after one that failed; returns those that failed. */
async function runAll(wanted: readonly Step[]): Promise<readonly Step[]> {
  const failed: Step[] = [];
  for (const step of wanted) {
    const started = performance.now();
    const passed = await run(step);
    if (!passed) failed.push(step);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${passed ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)${passed ? '' : `: ${step.remedy}`}`);
  }
  return failed;
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(', ')}; there are: ${steps.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
} else {
  const failed = await runAll(steps.filter(({ name }) => names.length === 0 || names.includes(name)));
  if (failed.length > 0) process.exitCode = 1;
}
