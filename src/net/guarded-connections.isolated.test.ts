// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import dns from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { createServer, get as httpGet } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { get as httpsGet } from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { after, afterEach, describe, it, mock } from 'node:test';
import { EgressClient } from './egress-client.ts';
import { EgressError } from './egress-error.ts';

const never = new AbortController().signal;
/** Both are this machine; the operator allows the second alone. */
const SECRET = '127.0.0.1';
const ALLOWED = '127.0.0.2';
const closers: (() => Promise<void>)[] = [];

afterEach(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
});
after(async () => {
  await Promise.all(closers.map((close) => close()));
});

async function listen(server: Server, address: string, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return bound.port;
}

function serve(address: string, listener: RequestListener, port?: number): Promise<number> {
  return listen(createServer(listener), address, port);
}

function egress(allow: readonly string[] = [ALLOWED]): EgressClient {
  const made = new EgressClient({ allow });
  closers.push(() => made.close());
  return made;
}

/** A name server of an attacker: each question is answered with the next of these. @returns how often it was asked */
function resolving(...answers: readonly (readonly string[])[]): () => number {
  let asked = 0;
  const lookup = (
    _name: string,
    _options: unknown,
    callback: (error: null, addresses: readonly LookupAddress[]) => void,
  ): void => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  // One at a time: restoring nested ones leaves the wrong one in place.
  mock.restoreAll();
  mock.method(dns, 'lookup', lookup);
  syncBuiltinESMExports();
  return () => asked;
}

/** Each way through the egress: the text that the server at `hostname:port` answers. */
const ways: Readonly<Record<string, (through: EgressClient, hostname: string, port: number) => Promise<string>>> = {
  'egress.request': async (through, hostname, port) =>
    (await through.request({ method: 'GET', url: new URL(`http://${hostname}:${port}/`) }, never)).body.toString(),

  'egress.agents': (through, hostname, port) =>
    new Promise((resolve, reject) => {
      const agents = through.agents();
      const sent = httpGet({ host: hostname, port, agent: agents.http }, (response) => {
        response.setEncoding('utf8').on('data', (text: string) => {
          agents.http.destroy();
          resolve(text);
        });
      });
      sent.on('error', reject);
    }),

  'egress.connect': async (through, hostname, port) => {
    const socket = await through.connect({ hostname, port }, never);
    socket.end('GET / HTTP/1.0\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text.split('\r\n\r\n')[1] ?? '';
  },
};

async function forbidden(promise: Promise<unknown>): Promise<void> {
  const error: unknown = await promise.then(
    () => new Error('it was let through'),
    (failure: unknown) => failure,
  );
  const cause = error instanceof EgressError ? error : error instanceof Error ? error.cause : undefined;
  assert.ok(cause instanceof EgressError, String(error));
  assert.equal(cause.reason, 'EndpointForbidden');
}

async function twoServers(): Promise<{ port: number; reached: string[] }> {
  const reached: string[] = [];
  const listener =
    (address: string): RequestListener =>
    (_request, response) => {
      reached.push(address);
      response.setHeader('connection', 'close').end(address);
    };
  for (;;) {
    const port = await serve(ALLOWED, listener(ALLOWED));
    try {
      await serve(SECRET, listener(SECRET), port);
      return { port, reached };
    } catch (error) {
      // Another process has this port at the second address: take another port.
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
}

describe('every way through the egress client', () => {
  for (const [name, reach] of Object.entries(ways)) {
    it(`${name}: a name that resolves to this machine is refused`, async () => {
      const { port, reached } = await twoServers();
      for (const address of [SECRET, '::1', '169.254.169.254', '::ffff:127.0.0.1', '64:ff9b::a9fe:a9fe']) {
        resolving([address]);
        await forbidden(reach(egress(), 'metadata.evil.example', port));
      }
      assert.deepEqual(reached, []);
    });

    it(`${name}: the address that was judged is the one that is connected to, whatever the name says next`, async () => {
      const { port, reached } = await twoServers();
      const asked = resolving([ALLOWED], [SECRET]);
      assert.equal(await reach(egress(), 'rebinding.evil.example', port), ALLOWED);
      assert.equal(asked(), 1);
      await forbidden(reach(egress(), 'rebinding.evil.example', port));
      assert.deepEqual(reached, [ALLOWED]);
    });

    it(`${name}: of several addresses only the permitted ones are tried`, async () => {
      const { port, reached } = await twoServers();
      resolving([SECRET, ALLOWED]);
      assert.equal(await reach(egress(), 'both.evil.example', port), ALLOWED);
      assert.deepEqual(reached, [ALLOWED]);
    });

    it(`${name}: no spelling of a forbidden address passes`, async () => {
      const { port, reached } = await twoServers();
      const spellings = ['127.0.0.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '127.1', 'localhost'];
      for (const spelling of spellings) await forbidden(reach(egress(), spelling, port));
      for (const literal of ['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]']) {
        await forbidden(reach(egress(), name === 'egress.connect' ? literal.slice(1, -1) : literal, port));
      }
      assert.deepEqual(reached, []);
    });
  }

  it('judges connections for TLS just the same', async () => {
    const { port, reached } = await twoServers();
    const through = egress();
    const agents = through.agents({ insecure: true });
    const secure: readonly ((hostname: string) => Promise<unknown>)[] = [
      (hostname) => through.request({ method: 'GET', url: new URL(`https://${hostname}:${port}/`) }, never),
      (hostname) => through.connect({ hostname, port, tls: { insecure: true } }, never),
      (hostname) =>
        new Promise((resolve, reject) => {
          httpsGet({ host: hostname, port, agent: agents.https }, resolve).on('error', reject);
        }),
    ];
    for (const reach of secure) {
      for (const spelling of ['127.0.0.1', '2130706433', 'localhost']) await forbidden(reach(spelling));
      resolving([SECRET, '::1']);
      await forbidden(reach('metadata.evil.example'));
      mock.restoreAll();
      syncBuiltinESMExports();
    }
    agents.https.destroy();
    assert.deepEqual(reached, []);
  });

  it('egress.lookup gives nothing but permitted addresses, and egress.permits judges literal ones', async () => {
    resolving([SECRET, ALLOWED]);
    const through = egress();
    const found = await new Promise((resolve, reject) => {
      through.lookup(443)('both.evil.example', { all: true }, (error, addresses) => {
        if (error === null) resolve(addresses);
        else reject(error);
      });
    });
    assert.deepEqual(found, [{ address: ALLOWED, family: 4 }]);
    assert.deepEqual([through.permits(SECRET, 443), through.permits(ALLOWED, 443)], [false, true]);
  });
});

describe('the egress client, attacked by a server', () => {
  it('gives up on headers that dribble in for ever', async () => {
    const server = createServer();
    const port = await listen(server, ALLOWED);
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x-a: b\r\n'), 20);
      socket.on('close', () => {
        clearInterval(drip);
      });
    });
    const url = new URL(`http://${ALLOWED}:${port}/`);
    await assert.rejects(egress().request({ method: 'GET', url, timeoutMs: 200 }, never), { reason: 'Timeout' });
  });

  it('takes no more headers than a client needs', async () => {
    const server = createServer();
    const port = await listen(server, ALLOWED);
    server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.write(`HTTP/1.1 200 OK\r\n${'x-filler: y\r\n'.repeat(100_000)}\r\n`);
    });
    const url = new URL(`http://${ALLOWED}:${port}/`);
    await assert.rejects(egress().request({ method: 'GET', url, timeoutMs: 5000 }, never), { reason: 'Unreachable' });
  });

  it('ends a loop of redirects between two hosts, and shows its credentials to the first alone', async () => {
    const seen: (string | undefined)[] = [];
    let other = 0;
    const bounce =
      (target: () => string): RequestListener =>
      ({ headers }, response) => {
        seen.push(headers.authorization);
        response.writeHead(307, { location: target() }).end();
      };
    const first = await serve(
      ALLOWED,
      bounce(() => `http://${ALLOWED}:${other}/`),
    );
    other = await serve(
      ALLOWED,
      bounce(() => `http://${ALLOWED}:${first}/`),
    );
    const url = new URL(`http://${ALLOWED}:${first}/`);
    const headers = { authorization: 'Basic cGxhbnRlZA==' };
    await assert.rejects(egress().request({ method: 'GET', url, headers }, never), { reason: 'RedirectRefused' });
    assert.deepEqual(seen.slice(1).filter(Boolean), []);
    assert.equal(seen.length, 6);
  });
});
