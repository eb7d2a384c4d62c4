// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { signalGroup } from './signal-group.ts';
import { Supervisor } from './supervisor.ts';
import { waitUntil } from './wait-until.ts';

/** A process of its own that starts a server with a child of its own, says where, and then does as `ending` says. */
const parentScript = `
  import { Supervisor } from ${JSON.stringify(fileURLToPath(new URL('./supervisor.ts', import.meta.url)))};
  const supervisor = new Supervisor('supervisor-test');
  const server = supervisor.start({ name: 'server', command: '/bin/sh', args: ['-c', 'sleep 600 & exec sleep 600'] });
  console.log(JSON.stringify({ directory: supervisor.directory, group: server.pid }));
  const ending = process.argv[1];
  if (ending === 'throw') setTimeout(() => { throw new Error('crash'); }, 50);
  else if (ending === 'return') undefined;
  else setInterval(() => undefined, 1000);
`;

async function startParent(ending: string): Promise<{ parent: ChildProcess; directory: string; group: number }> {
  const args = ['--input-type=module', '-e', parentScript, ending];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line]: unknown[] = await once(createInterface({ input: parent.stdout }), 'line').then(
    (lines: unknown[]) => lines,
  );
  const report: unknown = JSON.parse(String(line));
  assert.ok(report !== null && typeof report === 'object' && 'directory' in report && 'group' in report);
  return { parent, directory: String(report.directory), group: Number(report.group) };
}

describe('a supervisor', () => {
  for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
    it(`leaves no process and no file behind when its parent gets ${signal}`, async () => {
      const { parent, directory, group } = await startParent('stay');
      assert.ok(signalGroup(group, 0));
      parent.kill(signal);
      await waitUntil('the group is gone', () => !signalGroup(group, 0));
      await waitUntil('the folder is gone', () => !existsSync(directory));
    });
  }

  it('leaves nothing behind when its parent forgets to stop', async () => {
    const { directory, group } = await startParent('return');
    await waitUntil('the group is gone', () => !signalGroup(group, 0));
    await waitUntil('the folder is gone', () => !existsSync(directory));
  });

  it('keeps the logs, and only them, when its parent fails', async () => {
    const { directory, group } = await startParent('throw');
    await waitUntil('the group is gone', () => !signalGroup(group, 0));
    await waitUntil('the data is gone', () => !existsSync(join(directory, 'data')));
    assert.ok(existsSync(join(directory, 'logs', 'server.log')));
    rmSync(directory, { recursive: true });
  });

  it('shares one listener for the end of the process with all others', async () => {
    const first = new Supervisor('supervisor-test');
    const listeners = process.listenerCount('exit');
    const others = Array.from({ length: 11 }, () => new Supervisor('supervisor-test'));
    assert.equal(process.listenerCount('exit'), listeners);
    await Promise.all([first, ...others].map((supervisor) => supervisor.stop()));
  });

  it('ends what a server started, even when the server itself has died', async () => {
    const supervisor = new Supervisor('supervisor-test');
    const server = supervisor.start({
      name: 'server',
      command: '/bin/sh',
      args: ['-c', 'sleep 600 & echo started; exit 3'],
    });
    assert.deepEqual(await server.exited, { code: 3, signal: null });
    await waitUntil('the group is gone', () => !signalGroup(server.pid, 0));
    await supervisor.stop();
  });

  it('tells at once, with the log, when a server ends before it is ready', async () => {
    const supervisor = new Supervisor('supervisor-test');
    const server = supervisor.start({
      name: 'server',
      command: '/bin/sh',
      args: ['-c', 'echo no such flag >&2; exit 2'],
    });
    await assert.rejects(
      server.untilReady(() => false),
      /server ended with exit code 2 before it was ready; its log ends with\nno such flag/,
    );
    await supervisor.stop();
  });

  it('kills a server that ignores SIGTERM once its grace period is over', async () => {
    const supervisor = new Supervisor('supervisor-test');
    const args = ['-c', 'trap "" TERM; echo ready; while :; do sleep 1; done'];
    const server = supervisor.start({ name: 'server', command: '/bin/sh', args });
    await server.untilReady(() => readFileSync(server.logPath, 'utf8').includes('ready'));
    assert.deepEqual(await server.stop(0.2), { code: null, signal: 'SIGKILL' });
    await supervisor.stop();
  });

  it('passes nothing of the user environment on but PATH and the compile cache', async () => {
    process.env.PLANTED = 'secret';
    process.env.NODE_COMPILE_CACHE ??= '';
    const supervisor = new Supervisor('supervisor-test');
    const server = supervisor.start({ name: 'env', command: '/usr/bin/env', args: [], env: { GIVEN: 'yes' } });
    await server.exited;
    const names = server
      .logTail()
      .split('\n')
      .map((line) => line.split('=')[0]);
    assert.deepEqual(names.sort(), ['GIVEN', 'GOGC', 'HOME', 'NODE_COMPILE_CACHE', 'PATH', 'TMPDIR']);
    delete process.env.PLANTED;
    await supervisor.stop();
  });
});
