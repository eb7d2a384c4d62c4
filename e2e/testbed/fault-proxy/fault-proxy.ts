// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { selfSignedCertificate } from '../../../src/net/self-signed-certificate.fixture.ts';
import { faultyAnswer } from './faulty-answer.ts';
import type { Fault, ProxiedRequest } from './fault.ts';
import { forward } from './forward.ts';

export interface FaultProxyOptions {
  /** `http://127.0.0.1:port` or https; of an https server any certificate is taken. */
  readonly target: string;
  /** Serve https with a certificate of its own: see `ca`. */
  readonly tls?: boolean;
}

/** Strikes the requests that `when` picks; all of them by default. */
interface Strike {
  readonly fault: Fault;
  readonly when: (request: ProxiedRequest) => boolean;
  /** The number of requests that are still to fail. */
  left: number;
}

const MAX_REMEMBERED = 1000;

/** An HTTP proxy in front of a real server that makes one thing go wrong at a time, and remembers what it was asked. */
export class FaultProxy {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** `http://127.0.0.1:port`, or https. */
  readonly url: string;
  /** PEM of its certificate, with `tls` only. */
  readonly ca: string | undefined;
  /** The requests so far, the newest last. */
  readonly requests: ProxiedRequest[] = [];
  readonly #server: Server;
  readonly #target: string;
  #strike: Strike | undefined;

  private constructor(server: Server, address: { port: number; ca: string | undefined }, target: string) {
    this.#server = server;
    this.host = `127.0.0.1:${address.port}`;
    this.url = `${address.ca === undefined ? 'http' : 'https'}://${this.host}`;
    this.ca = address.ca;
    this.#target = target;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // Tests break connections on purpose: pass the end on to the other side, and report nothing.
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start({ target, tls = false }: FaultProxyOptions): Promise<FaultProxy> {
    const identity = tls ? selfSignedCertificate() : undefined;
    const server =
      identity === undefined
        ? createHttpServer()
        : createHttpsServer({ cert: identity.certificate, key: identity.key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy got no port');
    // Tests that make large keys hold up the process for seconds, in which an idle connection must not end at one side alone.
    server.keepAliveTimeout = 60_000;
    // A forgotten stop() must not keep the test run alive.
    server.unref();
    return new FaultProxy(server, { port: address.port, ca: identity?.certificate }, target);
  }

  /** From now on this goes wrong, until `heal`: with every request, with those that `when` picks, or with the next few. */
  fail(fault: Fault, options: { readonly when?: Strike['when']; readonly times?: number } = {}): void {
    this.#strike = { fault, when: options.when ?? (() => true), left: options.times ?? Infinity };
  }

  /** Passes everything through again. */
  heal(): void {
    this.#strike = undefined;
  }

  /** Requests whose path contains a text, in order of arrival. */
  asked(part: string): readonly ProxiedRequest[] {
    return this.requests.filter(({ path }) => path.includes(part));
  }

  /** Breaks every open connection. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request: ProxiedRequest = {
      method: incoming.method ?? 'GET',
      path: incoming.url ?? '/',
      headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
      body: await buffer(incoming),
    };
    this.requests.push(request);
    if (this.requests.length > MAX_REMEMBERED) this.requests.shift();
    const strike = this.#strike;
    if (strike === undefined || strike.left <= 0 || !strike.when(request)) {
      const { status, headers, body } = await forward(this.#target, request);
      response.writeHead(status, headers).end(body);
      return;
    }
    strike.left -= 1;
    await faultyAnswer(strike.fault, { request, response, answer: () => forward(this.#target, request) });
  }
}
