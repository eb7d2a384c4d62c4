// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, describe, it } from 'node:test';
import { EgressClient } from '../../../src/net/egress-client.ts';
import { FaultProxy } from './fault-proxy.ts';
import type { Fault } from './fault.ts';

const { signal } = new AbortController();

describe('a fault proxy', () => {
  let server: Server;
  let proxy: FaultProxy;
  let egress: EgressClient;
  let served = 0;

  before(async () => {
    server = createServer((request, response) => {
      served += 1;
      void text(request).then((body) => response.setHeader('x-server', 'yes').end(`heard ${body}`));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    proxy = await FaultProxy.start({ target: `http://127.0.0.1:${address.port}`, tls: true });
    egress = new EgressClient({ allow: [proxy.host] });
  });
  afterEach(() => {
    proxy.heal();
  });
  after(async () => {
    await egress.close();
    await proxy.stop();
    server.close();
  });

  function ask(timeoutMs = 5000) {
    const tls = { ca: proxy.ca ?? '' };
    const url = new URL('/a?b=c', proxy.url);
    return egress.request({ method: 'POST', url, body: 'hello', tls, timeoutMs, maxResponseBytes: 100_000 }, signal);
  }

  it('passes requests through and remembers them', async () => {
    const answer = await ask();
    assert.equal(answer.body.toString(), 'heard hello');
    assert.equal(answer.headers['x-server'], 'yes');
    const [request] = proxy.asked('/a');
    assert.equal(request?.path, '/a?b=c');
    assert.equal(request.body.toString(), 'hello');
  });

  const statuses: readonly [Fault, number, RegExp][] = [
    [{ type: 'Status', status: 500 }, 500, /says no/],
    [{ type: 'Status', status: 429, headers: { 'retry-after': '7' } }, 429, /says no/],
    [{ type: 'Garbage' }, 200, /[^]{100}/],
    [{ type: 'Halved' }, 200, /^heard$/],
    [{ type: 'RedirectLoop' }, 307, /^$/],
    [{ type: 'Slow', milliseconds: 20 }, 200, /heard hello/],
    [{ type: 'Rewrite', rewrite: (answer) => ({ ...answer, body: Buffer.from('another') }) }, 200, /^another$/],
  ];
  for (const [fault, status, body] of statuses) {
    it(`answers ${fault.type} with ${status}`, async () => {
      proxy.fail(fault);
      const answer = await ask();
      assert.equal(answer.status, status);
      assert.match(answer.body.toString(), body);
    });
  }

  const failures: readonly [Fault, reason: string, received: number][] = [
    [{ type: 'Endless' }, 'ResponseTooLarge', 0],
    [{ type: 'Truncated' }, 'Unreachable', 1],
    [{ type: 'Reset' }, 'Unreachable', 0],
    [{ type: 'LostAnswer' }, 'Unreachable', 1],
  ];
  for (const [fault, reason, expectedRequests] of failures) {
    it(`gives no complete response with ${fault.type}`, async () => {
      proxy.fail(fault);
      const before = served;
      await assert.rejects(ask(), { reason });
      assert.equal(served - before, expectedRequests);
    });
  }

  it('does not answer while it hangs', async () => {
    proxy.fail({ type: 'Hang' });
    await assert.rejects(ask(100), { reason: 'Timeout' });
  });

  it('strikes a few requests, or those of one kind', async () => {
    proxy.fail({ type: 'Status', status: 503 }, { times: 1 });
    assert.equal((await ask()).status, 503);
    assert.equal((await ask()).status, 200);
    proxy.fail({ type: 'Status', status: 503 }, { when: ({ method }) => method === 'GET' });
    assert.equal((await ask()).status, 200);
  });
});
