// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import { text } from 'node:stream/consumers';
import { issueCertificate } from '../certificates/issue-certificate.ts';
import { freePort } from '../processes/free-port.ts';

export interface DoubleRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface DoubleAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

type Handler = (request: DoubleRequest) => Promise<DoubleAnswer> | DoubleAnswer;

/** The HTTPS server of a double: JSON in, JSON out, with a certificate authority of its own, that can go down and come back. */
export class TlsDouble {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  /** PEM to trust for its TLS. */
  readonly ca: string;
  /** The requests so far. */
  readonly requests: DoubleRequest[] = [];
  readonly #port: number;
  readonly #certificate: { readonly cert: string; readonly key: string | Buffer };
  #handler: Handler = () => ({ status: 503, body: {} });
  #server: Server | undefined;

  private constructor(port: number) {
    const authority = issueCertificate({ name: `the authority of ${port}`, isAuthority: true });
    const usage = { usage: 'ServerAuth', addresses: ['127.0.0.1'] } as const;
    const { certificate, privateKey } = issueCertificate({ name: `double ${port}`, issuer: authority, ...usage });
    this.#port = port;
    this.#certificate = { cert: certificate, key: privateKey.export({ format: 'pem', type: 'pkcs8' }) };
    this.ca = authority.certificate;
    this.host = `127.0.0.1:${port}`;
    this.url = `https://${this.host}`;
  }

  static async start(): Promise<TlsDouble> {
    const double = new TlsDouble(await freePort());
    await double.up();
    return double;
  }

  /** The handler of requests from now on. */
  serve(handler: Handler): void {
    this.#handler = handler;
  }

  /** On the same port as before; what it holds is kept. */
  async up(): Promise<void> {
    const server = createServer(this.#certificate);
    server.on('request', (request, response) => {
      this.#answer(request).then(
        ({ status, body, headers }) => {
          response.writeHead(status, { 'content-type': 'application/json', ...headers });
          response.end(JSON.stringify(body));
        },
        () => response.destroy(),
      );
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    server.unref();
    this.#server = server;
  }

  /** Connections are cut and refused. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<DoubleAnswer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const asked = {
      method: request.method ?? 'GET',
      path: decodeURIComponent(pathname),
      query: searchParams,
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body: await text(request),
    };
    this.requests.push(asked);
    return this.#handler(asked);
  }
}
