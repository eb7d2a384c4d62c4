// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { freePort } from './free-port.ts';
import { runCommand } from './run-command.ts';

describe('freePort', () => {
  it('gives no port twice while the process lives', async () => {
    const ports = await Promise.all(Array.from({ length: 40 }, () => freePort()));
    assert.equal(new Set(ports).size, ports.length);
  });

  it('gives a port that can be listened on, outside of the range of outgoing connections', async () => {
    const port = await freePort();
    assert.ok(port >= 20_000 && port < 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    server.close();
  });

  it('takes back the ports of a process that was killed', async () => {
    const module = new URL('./free-port.ts', import.meta.url).href;
    const script = `import { freePort } from ${JSON.stringify(module)}; await freePort(); process.kill(process.pid, 'SIGKILL');`;
    const args = ['--input-type=module-typescript', '--eval', script];
    await assert.rejects(runCommand(process.execPath, args, { env: {} }));
    // Leave nothing that keeps the next one from finding a port.
    assert.ok((await freePort()) > 0);
  });
});
