// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { steps, type Step } from './verify/steps.ts';

const root = join(import.meta.dirname, '..');
const binaries = join(root, 'node_modules', '.bin');

/** Run a step with the tools of the checkout first on the PATH. Never rejects. */
function run({ command: [command, ...args] }: Step): Promise<{ readonly passed: boolean; readonly output: string }> {
  const env = { ...process.env, PATH: `${binaries}${delimiter}${process.env['PATH'] ?? ''}` };
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', (error) => {
      resolve({ passed: false, output: `${command}: ${error.message}\n` });
    });
    child.once('close', (code) => {
      resolve({ passed: code === 0, output });
    });
  });
}

/** Run all wanted steps, also after a failure, as many at a time as there are cores, and return those that failed. */
async function runAll(wanted: readonly Step[]): Promise<readonly Step[]> {
  const failed: Step[] = [];
  const waiting = [...wanted];
  const work = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const started = performance.now();
      const { passed, output } = await run(step);
      if (!passed) failed.push(step);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(output);
      console.log(`${passed ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)${passed ? '' : `: ${step.remedy}`}`);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, work));
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
