// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer, get } from 'node:https';
import { createServer as createTcpServer, isIPv6, Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { systemClock } from '../../runtime/clock.ts';
import { EgressClient } from '../egress-client.ts';
import { EgressError } from '../egress-error.ts';
import type { EgressConfiguration } from '../egress-rules.ts';
import { LookupError } from '../lookup/lookup-error.ts';
import { NameLookups } from '../lookup/name-lookups.ts';
import { selfSignedCertificate } from '../self-signed-certificate.fixture.ts';
import { recordingProxy, type RecordingProxy } from './connect-proxy.fixture.ts';
import type { ProxySettings } from './outbound-proxy.ts';

const never = new AbortController().signal;
const pair = selfSignedCertificate();
const { certificate: ca, key } = pair;
const SECRET = 'Bearer planted-secret';
const closers: (() => Promise<unknown>)[] = [];

after(async () => {
  await Promise.all(closers.map((close) => close()));
});

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

/** A server that knows a tenant's secret when it sees it. */
const target: RequestListener = ({ headers }, response) => {
  response.setHeader('connection', 'close').end(headers.authorization === SECRET ? 'welcome' : 'who?');
};

const secureTarget = (): Promise<number> => listen(createServer({ cert: ca, key }, target));

async function proxied(...options: Parameters<typeof recordingProxy>): Promise<RecordingProxy> {
  const proxy = await recordingProxy(...options);
  closers.push(() => proxy.close());
  return proxy;
}

/** Names that the DNS of the cluster knows. */
const known: Readonly<Record<string, readonly string[]>> = {
  localhost: ['127.0.0.1'],
  'proxy.example': ['127.0.0.1'],
  'also-proxy.example': ['127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'dual.example': ['2001:db8::1', '2001:db8::2', '127.0.0.1'],
  'both.example': ['127.0.0.1', '169.254.169.254'],
};

function egress(url: URL, settings: Partial<ProxySettings> = {}, rules: EgressConfiguration = {}): EgressClient {
  const resolver = {
    resolve: (name: string) => {
      const addresses = known[name]?.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }) as const);
      return addresses === undefined
        ? Promise.reject(new LookupError('ENOTFOUND', name))
        : Promise.resolve({ addresses, ttlSeconds: 0 });
    },
  };
  const proxy = { url, noProxy: [], nameResolution: 'Operator' as const, timeoutMs: 5000, ...settings };
  const lookups = new NameLookups({ resolver, clock: systemClock });
  const made = new EgressClient({ allow: ['127.0.0.1'], ...rules, proxy }, lookups);
  closers.push(() => made.close());
  return made;
}

type Way = (through: EgressClient, hostname: string, port: number) => Promise<string>;

async function spoken(socket: Socket): Promise<string> {
  socket.write(`GET / HTTP/1.1\r\nhost: x\r\nauthorization: ${SECRET}\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text.split('\r\n\r\n')[1]?.replaceAll(/^[0-9a-f]+\r\n|\r\n0$/g, '') ?? '';
}

/** Each way through the egress client, with a tenant's secret. */
const ways: Readonly<Record<string, Way>> = {
  request: async (through, hostname, port) => {
    const url = new URL(`https://${hostname}:${port}/`);
    const exchange = { method: 'GET', url, headers: { authorization: SECRET }, tls: { ca } } as const;
    return (await through.request(exchange, never)).body.toString();
  },
  agents: (through, host, port) =>
    new Promise((resolve, reject) => {
      const { https: agent } = through.agents({ ca });
      closers.push(() => {
        agent.destroy();
        return Promise.resolve();
      });
      get({ host, port, agent, headers: { authorization: SECRET } }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      }).on('error', reject);
    }),
  connect: async (through, hostname, port) => spoken(await through.connect({ hostname, port, tls: { ca } }, never)),
  tunnel: async (through, hostname, port) => {
    const socket = await through.tunnel({ hostname, port, isEncrypted: true }, never);
    assert.ok(socket !== undefined);
    const secured = connectTls({ socket, ca, host: hostname, servername: 'localhost' });
    return spoken(secured);
  },
};

async function failure(promise: Promise<unknown>): Promise<EgressError> {
  const error: unknown = await promise.then(
    (value) => new Error(`it was let through: ${String(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof EgressError, String(error));
  return error;
}

describe('every way through the proxy', () => {
  for (const [name, reach] of Object.entries(ways)) {
    it(`${name}: asks for the address that was checked, and shows the proxy none of what is said`, async () => {
      const [proxy, port] = [await proxied(), await secureTarget()];
      assert.equal(await reach(egress(proxy.url), 'localhost', port), 'welcome');
      assert.deepEqual(proxy.asked, [`127.0.0.1:${port}`]);
      assert.ok(proxy.sent().length > 0);
      assert.doesNotMatch(proxy.sent(), /planted|GET/);
    });

    it(`${name}: never tells the proxy of a target that the rules refuse`, async () => {
      const proxy = await proxied();
      for (const hostname of ['metadata.example', '169.254.169.254', '127.0.0.2', '2852039166', '[::1]']) {
        const bare = name === 'request' ? hostname : hostname.replaceAll(/[[\]]/g, '');
        const { reason } = await failure(reach(egress(proxy.url), bare, 443));
        assert.equal(reason, 'EndpointForbidden', hostname);
      }
      const denied = egress(proxy.url, { nameResolution: 'Proxy' }, { deny: ['evil.example'] });
      assert.equal((await failure(reach(denied, 'evil.example', 443))).reason, 'EndpointForbidden');
      assert.deepEqual(proxy.asked, []);
    });

    it(`${name}: reaches what noProxy lists without it`, async () => {
      const [proxy, port] = [await proxied(), await secureTarget()];
      for (const entry of ['localhost', `localhost:${port}`, '127.0.0.0/8', '127.0.0.1']) {
        const through = egress(proxy.url, { noProxy: [entry] });
        if (name === 'tunnel')
          assert.equal(await through.tunnel({ hostname: 'localhost', port, isEncrypted: true }, never), undefined);
        else assert.equal(await reach(through, 'localhost', port), 'welcome');
      }
      assert.deepEqual(proxy.asked, []);
      const elsewhere = ['localhost:1', '*.localhost', '10.0.0.0/8'];
      assert.equal(await reach(egress(proxy.url, { noProxy: elsewhere }), 'localhost', port), 'welcome');
      assert.equal(proxy.asked.length, 1);
    });

    it(`${name}: takes no word of a proxy that answers in the place of the target`, async () => {
      const stranger = selfSignedCertificate();
      const proxy = await proxied((_authority, client) => {
        client.write('HTTP/1.1 200 Connected\r\n\r\n');
        const pretended = new TLSSocket(client, { isServer: true, cert: stranger.certificate, key: stranger.key });
        pretended.on('error', () => undefined).on('data', () => pretended.end('HTTP/1.1 200 OK\r\n\r\nwelcome'));
        return 'handled';
      });
      await assert.rejects(reach(egress(proxy.url), 'localhost', 443));
    });

    it(`${name}: says which proxy failed, why, and what to do`, async () => {
      const forbidding = await proxied(() => 403);
      const refused = await failure(reach(egress(forbidding.url), 'localhost', 8443));
      assert.equal(refused.reason, 'Unreachable');
      assert.equal(
        refused.message,
        `the proxy ${forbidding.url.host} does not connect to 127.0.0.1:8443 (403): allow it in the proxy, or list it under "outbound.proxy.noProxy"`,
      );
    });
  }
});

describe('the proxy', () => {
  const ask = (through: EgressClient, port = 443, hostname = 'localhost'): Promise<unknown> =>
    through.tunnel({ hostname, port, isEncrypted: true }, never);

  it('gets the credentials of the operator, which no message repeats', async () => {
    const credentials = { username: 'hallmark', password: 'planted-password' };
    const login = `Basic ${Buffer.from('hallmark:planted-password').toString('base64')}`;
    const [open, port] = [await proxied(), await secureTarget()];
    assert.equal(await ways['request']?.(egress(open.url, { credentials }), 'localhost', port), 'welcome');
    assert.deepEqual(open.logins, [login]);
    const closed = await proxied(() => 407);
    const wrong = await failure(ask(egress(closed.url, { credentials })));
    assert.match(wrong.message, /refuses the credentials of the operator \(407\): .*proxy\.credentialsSecret/);
    assert.doesNotMatch(JSON.stringify(wrong) + wrong.message, /planted|aGFsbG1hcms/);
    assert.match((await failure(ask(egress(closed.url)))).message, /asks for credentials \(407\)/);
  });

  it('may itself be spoken to in TLS, with a certificate of its own authority', async () => {
    const [proxy, port] = [await proxied(undefined, pair), await secureTarget()];
    for (const [name, reach] of Object.entries(ways))
      assert.equal(await reach(egress(proxy.url, { ca }), 'localhost', port), 'welcome', name);
    const untrusted = await failure(ask(egress(proxy.url)));
    assert.match(untrusted.message, /^the proxy \S+ cannot be used: DEPTH_ZERO_SELF_SIGNED_CERT/);
  });

  it('carries nothing without TLS, which it could read', async () => {
    const [proxy, port] = [await proxied(), await listen(createPlainServer(target))];
    const url = new URL(`http://localhost:${port}/`);
    const exchange = { method: 'GET', url, headers: { authorization: SECRET } } as const;
    const plain: Readonly<Record<string, (through: EgressClient) => Promise<unknown>>> = {
      request: (through) => through.request(exchange, never),
      connect: (through) => through.connect({ hostname: 'localhost', port }, never),
      tunnel: (through) => through.tunnel({ hostname: 'localhost', port, isEncrypted: false }, never),
    };
    for (const [name, reach] of Object.entries(plain)) {
      const error = await failure(reach(egress(proxy.url)));
      assert.equal(error.reason, 'EndpointForbidden', name);
      assert.match(error.message, /is not reached without TLS through the proxy .*"outbound\.proxy\.noProxy"$/);
    }
    assert.deepEqual(proxy.asked, []);
    const direct = await egress(proxy.url, { noProxy: ['localhost'] }).request(exchange, never);
    assert.equal(direct.body.toString(), 'welcome');
  });

  it('resolves names where the configuration says so, but none that the cluster knows to be forbidden', async () => {
    const proxy = await proxied(() => 418);
    const through = egress(proxy.url, { nameResolution: 'Proxy' });
    const asked = (hostname: string) => failure(through.tunnel({ hostname, port: 443, isEncrypted: true }, never));
    assert.match((await asked('Only.Proxy.example')).message, /\(418\)/);
    assert.match((await asked('localhost')).message, /\(418\)/);
    for (const hostname of ['metadata.example', 'both.example', '169.254.169.254', '::1', '127.2'])
      assert.equal((await asked(hostname)).reason, 'EndpointForbidden', hostname);
    assert.deepEqual(proxy.asked, ['only.proxy.example:443', 'localhost:443']);
  });

  it('is asked for the other family where it cannot reach the first one', async () => {
    const port = await secureTarget();
    const four = await proxied((authority) => (authority.startsWith('[') ? 502 : undefined));
    const through = egress(four.url, {}, { allow: ['dual.example'] });
    assert.ok((await ask(through, port, 'dual.example')) instanceof Socket);
    assert.deepEqual(four.asked, [`[2001:db8::1]:${port}`, `127.0.0.1:${port}`]);
    const none = await proxied(() => 502);
    const refused = await failure(ask(egress(none.url, {}, { allow: ['dual.example'] }), port, 'dual.example'));
    assert.match(refused.message, /does not connect to \[2001:db8::1\]:\d+ \(502\)/);
    const keyless = await proxied(() => 407);
    await failure(ask(egress(keyless.url, {}, { allow: ['dual.example'] }), port, 'dual.example'));
    assert.equal(keyless.asked.length, 1, 'a login that is refused is not tried again');
  });

  it('is nothing that a tenant may speak to, by whatever name or address, and through it or directly', async () => {
    const proxy = await proxied();
    const byName = new URL(`http://proxy.example:${proxy.url.port}`);
    const port = Number(proxy.url.port);
    for (const noProxy of [[], ['127.0.0.1', '*.example', 'localhost']])
      for (const nameResolution of ['Operator', 'Proxy'] as const)
        for (const hostname of ['proxy.example', 'also-proxy.example', 'localhost', '127.0.0.1', '2130706433']) {
          const through = egress(byName, { noProxy, nameResolution });
          const what = `${hostname}, ${nameResolution}, ${noProxy.join()}`;
          const url = new URL(`http://${hostname}:${port}/`);
          const asked = await failure(through.request({ method: 'GET', url }, never));
          assert.equal(asked.reason, 'EndpointForbidden', what);
          assert.match(asked.message, /does not connect to/, what);
          const { reason } = await failure(through.connect({ hostname, port, tls: { ca } }, never));
          assert.equal(reason, 'EndpointForbidden', what);
        }
    assert.deepEqual(proxy.asked, []);
  });

  it('is not asked for a name that the operator cannot resolve, and the message says what to change', async () => {
    const proxy = await proxied();
    const asked = egress(proxy.url).tunnel({ hostname: 'only.proxy.example', port: 443, isEncrypted: true }, never);
    assert.match(
      (await failure(asked)).message,
      /cannot be resolved: ENOTFOUND; .*"outbound\.proxy\.nameResolution" to Proxy/,
    );
    assert.deepEqual(proxy.asked, []);
  });

  it('is asked for nothing but a host, whatever a server announces as one', async () => {
    const proxy = await proxied();
    const through = egress(proxy.url, { nameResolution: 'Proxy' });
    for (const hostname of ['x:1\r\nproxy-authorization: y', 'a b', 'a/b', 'user@host', ''])
      assert.match(
        (await failure(through.tunnel({ hostname, port: 443, isEncrypted: true }, never))).message,
        /is not the name of a host/,
      );
    assert.deepEqual(proxy.asked, []);
  });

  const faults: Readonly<Record<string, { answer: (socket: Socket) => void; message: RegExp }>> = {
    'speaks before the target was spoken to': {
      answer: (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nwelcome'),
      message: /speaks in the place of 127\.0\.0\.1:443/,
    },
    'closes the connection': { answer: (socket) => socket.destroy(), message: /cannot be used: ECONNRESET/ },
    'speaks another protocol': {
      answer: (socket) => socket.end('SSH-2.0-OpenSSH\r\n'),
      message: /does not speak HTTP \(HPE_\w+\); "outbound\.proxy\.url" must name/,
    },
    'answers with endless headers': {
      answer: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        socket.write(`x: ${'y'.repeat(20_000)}\r\n`);
      },
      message: /HPE_HEADER_OVERFLOW/,
    },
  };
  for (const [what, { answer, message }] of Object.entries(faults)) {
    it(`is reported when it ${what}`, async () => {
      const server = createTcpServer((socket) => {
        socket
          .on('error', () => undefined)
          .once('data', () => {
            answer(socket);
          });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closers.push(() => new Promise((resolve) => server.close(resolve)));
      const address = server.address();
      assert.ok(typeof address === 'object' && address !== null);
      const error = await failure(ask(egress(new URL(`http://127.0.0.1:${address.port}`))));
      assert.equal(error.reason, 'Unreachable');
      assert.match(error.message, message);
    });
  }

  it('is reported when it hangs, and when nothing listens', async () => {
    const hanging = await proxied(() => 'handled');
    const late = await failure(ask(egress(hanging.url, { timeoutMs: 50 })));
    assert.equal(late.reason, 'Timeout');
    assert.match(late.message, /^the proxy \S+ does not answer a request to connect to 127\.0\.0\.1:443$/);
    await hanging.close();
    const gone = await failure(ask(egress(hanging.url)));
    assert.match(gone.message, /^the proxy \S+ cannot be used: ECONNREFUSED; "outbound\.proxy\.url" must name/);
  });

  it('gives way to a caller who aborts', async () => {
    const hanging = await proxied(() => 'handled');
    const reason = new Error('stopping');
    const asked = egress(hanging.url).tunnel(
      { hostname: 'localhost', port: 443, isEncrypted: true },
      AbortSignal.any([AbortSignal.abort(reason)]),
    );
    await assert.rejects(asked, reason);
  });
});
