// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { freePort } from '../processes/free-port.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { CutProxy } from './cut-proxy.ts';

describe('a cut proxy', () => {
  let echo: Server;
  let proxy: CutProxy;
  const clients: Socket[] = [];

  before(async () => {
    echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    echo.listen(await freePort(), '127.0.0.1');
    await once(echo, 'listening');
  });
  beforeEach(async () => {
    const address = echo.address();
    assert.ok(address !== null && typeof address === 'object');
    proxy = await CutProxy.start(address.port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.stop();
  });
  after(() => echo.close());

  function open(): Socket {
    const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
    clients.push(socket);
    return socket;
  }

  function closed(socket: Socket): Promise<void> {
    return new Promise((resolve) =>
      socket.once('close', () => {
        resolve();
      }),
    );
  }

  async function answer(socket: Socket, text: string): Promise<string> {
    const data = once(socket, 'data');
    socket.write(text);
    return String(await data);
  }

  it('passes bytes through in both directions', async () => {
    assert.equal(await answer(open(), 'hello'), 'hello');
    assert.equal(proxy.openConnections, 1);
  });

  it('cuts what is open and serves what comes after', async () => {
    const socket = open();
    await answer(socket, 'hello');
    proxy.cut();
    await closed(socket);
    await waitUntil('the proxy has forgotten the connection', () => proxy.openConnections === 0);
    assert.equal(await answer(open(), 'again'), 'again');
  });

  it('resets new connections while it refuses', async () => {
    proxy.refuse();
    const refused = open();
    await closed(refused);
    assert.equal(refused.bytesRead, 0);
    proxy.accept();
    assert.equal(await answer(open(), 'welcome'), 'welcome');
  });

  it('holds bytes back', async () => {
    const socket = open();
    await answer(socket, 'quick');
    proxy.delay(200);
    const started = Date.now();
    await answer(socket, 'slow');
    // Once on the way there and once on the way back; timers may fire a millisecond early.
    assert.ok(Date.now() - started >= 390);
  });
});
