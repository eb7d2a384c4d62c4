// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { TLSSocket } from 'node:tls';
import { EgressClient } from './egress-client.ts';
import type { EgressRequest, EgressResponse } from './egress-client.ts';
import { EgressError } from './egress-error.ts';
import { selfSignedCertificate } from './self-signed-certificate.fixture.ts';

const never = new AbortController().signal;
const closers: (() => Promise<void>)[] = [];
const { certificate, key } = selfSignedCertificate();

after(async () => {
  await Promise.all(closers.map((close) => close()));
});

async function listen(server: Server): Promise<URL> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address: AddressInfo | string | null = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return new URL(`http://127.0.0.1:${address.port}`);
}

function serve(listener: RequestListener): Promise<URL> {
  return listen(createServer(listener));
}

async function serveTls(listener: RequestListener): Promise<URL> {
  const url = await listen(createSecureServer({ cert: certificate, key }, listener));
  url.protocol = 'https:';
  return url;
}

function egress(...urls: readonly URL[]): EgressClient {
  const made = new EgressClient({ allow: urls.map(({ host }) => host) });
  closers.push(() => made.close());
  return made;
}

function get(through: EgressClient, url: URL, more: Partial<EgressRequest> = {}): Promise<EgressResponse> {
  return through.request({ method: 'GET', url, ...more }, never);
}

async function failure(promise: Promise<unknown>): Promise<EgressError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof EgressError, `an EgressError, not ${String(error)}`);
  return error;
}

describe('the egress client', () => {
  it('refuses loopback by default, by address and by name, before anything is sent', async () => {
    const seen: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      seen.push(request);
      response.end();
    });
    const byName = new URL(url);
    byName.hostname = 'localhost';
    for (const target of [
      url,
      byName,
      new URL(`http://[::ffff:127.0.0.1]:${url.port}/`),
      new URL(`http://2130706433:${url.port}/`),
    ]) {
      const error = await failure(get(egress(), target));
      assert.equal(error.reason, 'EndpointForbidden', target.href);
      assert.match(error.message, /outbound\.allow/);
    }
    assert.equal(seen.length, 0);
  });

  it('judges each connection by the name it is for and the address it goes to', async () => {
    const url = await serve((_request, response) => response.end('ok'));
    const byName = new URL(url);
    byName.hostname = 'localhost';
    const allowed = new EgressClient({ allow: [`localhost:${url.port}`] });
    closers.push(() => allowed.close());
    assert.equal((await get(allowed, byName)).body.toString(), 'ok');
    assert.equal((await failure(get(allowed, url))).reason, 'EndpointForbidden');
  });

  it('hands back any status, headers in lower case and the body', async () => {
    const url = await serve((request, response) => {
      response
        .writeHead(418, { 'X-Thing': ['a', 'b'] })
        .end(`${request.method ?? ''} ${request.headers['x-mine']?.toString() ?? ''}`);
    });
    const response = await egress(url).request(
      { method: 'PUT', url, headers: { 'x-mine': 'yes' }, body: 'data' },
      never,
    );
    assert.equal(response.status, 418);
    assert.equal(response.headers['x-thing'], 'a, b');
    assert.equal(response.body.toString(), 'PUT yes');
  });

  it('ends a response that is longer than asked for', async () => {
    const url = await serve((_request, response) => {
      response.on('error', () => undefined);
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65536)));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    const error = await failure(get(egress(url), url, { maxResponseBytes: 1_000_000 }));
    assert.equal(error.reason, 'ResponseTooLarge');
  });

  it('gives up on a server that is silent, and on one that dribbles', async () => {
    const silent = await serve(() => undefined);
    assert.equal((await failure(get(egress(silent), silent, { timeoutMs: 100 }))).reason, 'Timeout');
    const dribbling = await serve((_request, response) => {
      response.write('x');
    });
    assert.equal((await failure(get(egress(dribbling), dribbling, { timeoutMs: 100 }))).reason, 'Timeout');
  });

  it('rejects with the reason of the caller who aborts', async () => {
    const url = await serve(() => undefined);
    const controller = new AbortController();
    const pending = egress(url).request({ method: 'GET', url }, controller.signal);
    const reason = new Error('stopping');
    controller.abort(reason);
    await assert.rejects(pending, reason);
  });

  it('says Unreachable, without the query, when no server listens', async () => {
    const url = await serve(() => undefined);
    const gone = new URL('/path?token=hush', url);
    await closers.at(-1)?.();
    const error = await failure(get(egress(url), gone));
    assert.equal(error.reason, 'Unreachable');
    assert.match(error.message, /ECONNREFUSED/);
    assert.ok(!error.message.includes('hush'));
  });

  it('takes credentials along on a redirect to the same origin and leaves them behind on one to another', async () => {
    const seen: string[] = [];
    const shown = ({ headers }: IncomingMessage): void => {
      const names = ['authorization', 'x-vault-token', 'x-api-key', 'cookie', 'accept'];
      seen.push(names.filter((name) => headers[name] !== undefined).join(' '));
    };
    const other = await serve((request, response) => {
      shown(request);
      response.end('there');
    });
    const first = await serve((request, response) => {
      shown(request);
      // User information is no way to log in either: it is not sent.
      const location = request.url === '/a' ? '/b' : other.href.replace('//', '//user:password@');
      response.writeHead(307, { location }).end();
    });
    const secrets = { authorization: 'Basic eA==', 'x-vault-token': 'x', 'x-api-key': 'x', cookie: 'x' };
    const headers = { ...secrets, accept: 'text/plain' };
    const response = await get(egress(first, other), new URL('/a', first), { headers });
    assert.equal(response.body.toString(), 'there');
    const all = 'authorization x-vault-token x-api-key cookie accept';
    assert.deepEqual(seen, [all, all, 'accept']);
    assert.equal(response.url.origin, other.origin);
  });

  it('checks the address that a redirect leads to', async () => {
    const inner = await serve((_request, response) => response.end('secret'));
    const first = await serve((_request, response) => response.writeHead(302, { location: inner.href }).end());
    assert.equal((await failure(get(egress(first), first))).reason, 'EndpointForbidden');
  });

  it('does not follow redirects of writes, to other schemes, without end, or from https to http', async () => {
    const url = await serve((_request, response) => response.writeHead(302, { location: '/again' }).end());
    assert.equal((await failure(get(egress(url), url))).reason, 'RedirectRefused');
    assert.equal((await egress(url).request({ method: 'PUT', url, body: 'x' }, never)).status, 302);
    const file = await serve((_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end());
    assert.equal((await failure(get(egress(file), file))).reason, 'RedirectRefused');
    const secure = await serveTls((_request, response) => response.writeHead(302, { location: url.href }).end());
    assert.equal(
      (await failure(get(egress(secure, url), secure, { tls: { ca: certificate } }))).reason,
      'RedirectRefused',
    );
  });

  it('checks certificates, with a private authority where the call names one, and never reuses a laxer connection', async () => {
    const url = await serveTls((_request, response) => response.end('ok'));
    const through = egress(url);
    assert.equal((await get(through, url, { tls: { insecure: true } })).body.toString(), 'ok');
    const error = await failure(get(through, url));
    assert.equal(error.reason, 'Unreachable');
    assert.match(error.message, /SELF_SIGNED/);
    assert.equal((await get(through, url, { tls: { ca: certificate } })).body.toString(), 'ok');
  });

  it('resumes a TLS session for the next connection, but never under other settings or at another port', async () => {
    const resumed: boolean[] = [];
    const closing: RequestListener = ({ socket }, response) => {
      assert.ok(socket instanceof TLSSocket);
      resumed.push(socket.isSessionReused());
      response.setHeader('connection', 'close').end('ok');
    };
    // Servers with equal tickets would accept each other's sessions.
    const ticketKeys = randomBytes(48);
    const serveTickets = async (): Promise<URL> => {
      const url = await listen(createSecureServer({ cert: certificate, key, ticketKeys }, closing));
      url.protocol = 'https:';
      return url;
    };
    const [url, other] = [await serveTickets(), await serveTickets()];
    const through = egress(url, other);
    const trusting = { tls: { ca: certificate } };
    await get(through, url, { tls: { insecure: true } });
    await get(through, url, trusting);
    await get(through, url, trusting);
    await get(through, other, trusting);
    assert.deepEqual(resumed, [false, false, true, false]);
    assert.match((await failure(get(through, url))).message, /SELF_SIGNED/);
  });

  it('keeps a connection after each method', async () => {
    const connections = new Set<unknown>();
    const url = await serve(({ socket }, response) => {
      connections.add(socket);
      response.end();
    });
    const client = egress(url);
    for (const method of ['HEAD', 'HEAD', 'HEAD', 'GET', 'PUT', 'HEAD', 'POST', 'HEAD'] as const)
      assert.equal((await get(client, url, { method })).status, 200);
    // A request may come before the connection of the last one is free.
    assert.ok(connections.size <= 2, `${connections.size} connections`);
  });

  it('takes no body of a HEAD for the answer to the next request', async () => {
    const url = await serve(({ method, socket }, response) => {
      if (method === 'HEAD') socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nHELLO');
      else response.end('answer');
    });
    const client = egress(url);
    for (let times = 0; times < 3; times += 1) {
      const { status, body } = await get(client, url, { method: 'HEAD' });
      assert.deepEqual([status, body.length], [200, 0]);
      assert.equal((await get(client, url)).body.toString(), 'answer');
    }
  });

  it('uses no proxy of the environment', async () => {
    const seen: string[] = [];
    const proxy = await serve((request, response) => {
      seen.push(request.url ?? '');
      response.end('proxied');
    });
    const url = await serve((_request, response) => response.end('direct'));
    process.env['HTTP_PROXY'] = proxy.href;
    process.env['http_proxy'] = proxy.href;
    try {
      assert.equal((await get(egress(url, proxy), url)).body.toString(), 'direct');
    } finally {
      delete process.env['HTTP_PROXY'];
      delete process.env['http_proxy'];
    }
    assert.deepEqual(seen, []);
  });
});
