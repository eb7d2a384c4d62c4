// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

const MODULE = new URL('event-loop-watchdog.ts', import.meta.url).href;

async function exitOf(child: ChildProcess): Promise<readonly unknown[]> {
  const exit: unknown[] = await once(child, 'exit');
  return exit;
}

/** Runs a program with a watchdog. A second one in the parent process ends it where the watchdog does not. */
async function run(limitMs: number, program: string, meanwhile?: (child: ChildProcess) => Promise<void>) {
  const source = `
    const { EventLoopWatchdog } = await import(${JSON.stringify(MODULE)});
    const watchdog = new EventLoopWatchdog({ limitMs: ${limitMs}, fields: { instance: 'hallmark-0' } });
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const block = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
    ${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
    killSignal: 'SIGQUIT',
  });
  const [output, [code, signal]] = await Promise.all([text(child.stdout), exitOf(child), meanwhile?.(child)]);
  return { output, code, signal };
}

describe('the watchdog of the event loop', { concurrency: true }, () => {
  const blocked: readonly { readonly name: string; readonly program: string }[] = [
    { name: 'by code that does not end', program: 'await pause(1); block(Infinity);' },
    {
      name: 'by promises alone, with SIGTERM pending',
      program: `
        process.on('SIGTERM', () => process.exit(0));
        await pause(1);
        process.kill(process.pid, 'SIGTERM');
        for (;;) await undefined;`,
    },
  ];
  for (const { name, program } of blocked) {
    it(`ends a process whose loop is blocked ${name}, and says why`, async () => {
      const { output, signal } = await run(300, program);
      assert.equal(signal, 'SIGKILL');
      const line: unknown = JSON.parse(output);
      assert.ok(typeof line === 'object' && line !== null);
      const { time, ...rest } = Object.fromEntries(Object.entries(line));
      assert.ok(!Number.isNaN(Date.parse(String(time))));
      assert.deepEqual(rest, {
        level: 'error',
        message: 'the event loop is blocked: the process ends',
        instance: 'hallmark-0',
        blockedMs: 300,
      });
    });
  }

  it('lets a process be whose loop is blocked for less, one time after the other, and ends with it', async () => {
    const program = 'for (let i = 0; i < 4; i += 1) { block(300); await pause(1); } process.stdout.write("well");';
    assert.deepEqual(await run(2000, program), { output: 'well', code: 0, signal: null });
  });

  it('lets a process be that was suspended, which is blocked for no time of its own', async () => {
    const program = `
      process.on('SIGUSR2', () => clearInterval(alive));
      const alive = setInterval(() => undefined, 1000);
      process.stdout.write('well');`;
    const { output, code } = await run(400, program, async (child) => {
      await once(child, 'spawn');
      if (child.stdout !== null) await once(child.stdout, 'readable');
      child.kill('SIGSTOP');
      await pause(1000);
      child.kill('SIGCONT');
      child.kill('SIGUSR2');
    });
    assert.deepEqual([output, code], ['well', 0]);
  });

  it('watches no more once it is stopped', async () => {
    const program = 'await watchdog.stop(); block(800); process.stdout.write(String(watchdog.problem));';
    assert.deepEqual(await run(300, program), { output: 'undefined', code: 0, signal: null });
  });
});
