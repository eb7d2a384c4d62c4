// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { after, describe, it } from 'node:test';
import { Agent } from 'undici';
import { wholeResponse, type WholeResponse } from './whole-response.ts';

const never = new AbortController().signal;
const servers: Server[] = [];
const agent = new Agent({ connections: 1 });

after(async () => {
  await agent.destroy();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(
  listener: RequestListener,
): Promise<(signal?: AbortSignal, limit?: number) => Promise<WholeResponse>> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const request = { origin: `http://127.0.0.1:${address.port}`, path: '/', method: 'GET' } as const;
  return (signal = never, limit = 1000) => wholeResponse(agent, request, { signal, maxBytes: () => limit });
}

describe('a whole response', () => {
  it('is the final answer, in one piece', async () => {
    const get = await serve((_request, response) => {
      response.writeEarlyHints({ link: '</early>; rel=preload' });
      response.writeHead(201, { 'X-Late': 'yes' }).write('one ');
      setImmediate(() => response.end('two'));
    });
    const { status, headers, body, isCut } = await get();
    assert.deepEqual([status, headers['x-late'], body.toString(), isCut], [201, 'yes', 'one two', false]);
    assert.equal(headers['link'], undefined);
  });

  it('is cut at the bytes that its status may have, and not before', async () => {
    let closed = Promise.resolve<unknown>(undefined);
    const get = await serve((request, response) => {
      closed = once(request.socket, 'close');
      response.end('12345678');
    });
    const whole = await get(never, 8);
    assert.deepEqual([whole.body.toString(), whole.isCut], ['12345678', false]);
    const cut = await get(never, 7);
    assert.deepEqual([cut.body.toString(), cut.isCut], ['1234567', true]);
    await closed;
  });

  it('is no answer if the connection ends before it does', async () => {
    const get = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('1234');
      setImmediate(() => response.destroy());
    });
    await assert.rejects(get(), /other side closed|terminated|reset/i);
  });

  it('ends with the reason of the caller: before it is sent, while it waits for a connection, and while it arrives', async () => {
    const begun = [Promise.withResolvers<() => void>(), Promise.withResolvers<() => void>()] as const;
    let served = 0;
    const get = await serve((_request, response) => {
      response.writeHead(200).write('begun');
      begun[served]?.resolve(() => response.end());
      served += 1;
    });
    const reason = new Error('given up');
    await assert.rejects(get(AbortSignal.abort(reason)), reason);
    assert.equal(served, 0);

    const first = new AbortController();
    const arriving = get(first.signal);
    const second = new AbortController();
    const waiting = get(second.signal);
    await begun[0].promise;
    second.abort(reason);
    await assert.rejects(waiting, reason);
    first.abort(reason);
    await assert.rejects(arriving, reason);

    const last = get();
    const end = await begun[1].promise;
    end();
    assert.equal((await last).body.toString(), 'begun');
    assert.equal(served, 2, 'the one that waited was never sent');
  });
});
