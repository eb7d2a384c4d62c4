// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { EgressClient } from '../../net/egress-client.ts';
import type { AwsHandlerOptions, AwsRequest } from './aws-request-handler.ts';
import { awsRequestHandler } from './aws-request-handler.ts';

describe("the handler of the SDK's requests", () => {
  let server: Server;
  let port: number;
  let egress: EgressClient;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  before(async () => {
    server = createServer((request, response) => {
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    port = address.port;
    egress = new EgressClient({ allow: [`127.0.0.1:${port}`] });
  });
  after(async () => {
    await egress.close();
    server.closeAllConnections();
    server.close();
  });

  async function send(changes: Partial<AwsRequest> = {}, options: AwsHandlerOptions = {}, abortSignal?: AbortSignal) {
    const handler = awsRequestHandler(egress, options);
    const request = { protocol: 'http:', hostname: '127.0.0.1', port, path: '/a', method: 'POST', headers: {} };
    try {
      const { response } = await handler.handle(
        { ...request, ...changes },
        abortSignal === undefined ? {} : { abortSignal },
      );
      return { ...response, text: await text(response.body) };
    } finally {
      handler.destroy();
    }
  }

  it('sends method, path, sorted and escaped query, headers and body, and no Expect', async () => {
    let received = '';
    answer = (request, response) => {
      void text(request).then((body) => {
        received = `${request.method ?? ''} ${request.url ?? ''} ${body} ${request.headers['expect'] ?? 'at once'}`;
        response.writeHead(201, { 'x-a': ['1', '2'] }).end('done');
      });
    };
    const query = { z: null, b: ["it's (a) test*", '2'], a: 'ä' };
    const response = await send({ query, body: 'hello', headers: { expect: '100-continue' } });
    assert.equal(received, 'POST /a?a=%C3%A4&b=it%27s%20%28a%29%20test%2A&b=2&z hello at once');
    assert.deepEqual([response.statusCode, response.headers['x-a'], response.text], [201, '1, 2', 'done']);
  });

  it('follows no redirect', async () => {
    answer = (_request, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${port}/b` }).end();
    };
    assert.equal((await send({ method: 'GET' })).statusCode, 307);
  });

  it('goes nowhere that the rules forbid', async () => {
    await assert.rejects(send({ port: port === 1 ? 2 : 1 }), { reason: 'EndpointForbidden' });
    await assert.rejects(send({ hostname: 'localhost', port: 1 }), { reason: 'EndpointForbidden' });
  });

  it('takes no answer that is too long, too slow or broken off', async () => {
    answer = (_request, response) => {
      response.end('x'.repeat(2000));
    };
    await assert.rejects(send({}, { maxResponseBytes: 1999 }), { reason: 'ResponseTooLarge' });
    assert.equal((await send({}, { maxResponseBytes: 2000 })).text.length, 2000);
    answer = () => undefined;
    await assert.rejects(send({}, { timeoutMs: 50 }), { reason: 'Timeout' });
    answer = (_request, response) => response.writeHead(200).write('x');
    await assert.rejects(send({}, { timeoutMs: 50 }), { reason: 'Timeout' });
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('x', () => response.destroy());
    };
    await assert.rejects(send(), { reason: 'Unreachable' });
    answer = (_request, response) => response.destroy();
    await assert.rejects(send(), { reason: 'Unreachable' });
  });

  it('ends when its signal aborts', async () => {
    const why = new Error('enough');
    await assert.rejects(send({}, {}, AbortSignal.abort(why)), (error) => error === why);
    const controller = new AbortController();
    answer = () => {
      controller.abort(why);
    };
    await assert.rejects(send({}, {}, controller.signal), (error) => error === why);
  });
});
