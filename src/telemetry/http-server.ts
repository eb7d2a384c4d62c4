// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** By path, `/livez`. */
  readonly routes: Readonly<Record<string, () => HttpAnswer | Promise<HttpAnswer>>>;
}

export interface RunningHttpServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

const TEXT = 'text/plain; charset=utf-8';
const REQUEST_MS = 5_000;
const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8 * 1024;

/**
 * Serves fixed GET routes to the kubelet and to Prometheus. Everybody who reaches the port may ask, so requests are small, short
 * and few, and nothing they carry is read. @throws the error of listening, such as EADDRINUSE
 */
export async function startHttpServer(options: HttpServerOptions): Promise<RunningHttpServer> {
  const routes = new Map(Object.entries(options.routes));
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS };
  const server = createServer({ ...limits, keepAliveTimeout: REQUEST_MS }, (request, response) => {
    // Request bodies are not read: a request with a body loses its connection.
    if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined) {
      send(response, { status: 413, contentType: TEXT, text: 'no body is read here\n' }, true);
      return;
    }
    answer(routes, request).then(
      (found) => {
        send(response, found, false);
      },
      () => {
        send(response, { status: 500, contentType: TEXT, text: 'failed\n' }, false);
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
  server.once('error', reject);
  server.listen(options.port, options.host, () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) resolve(address);
  });
  const { port } = await promise;
  return {
    host: options.host,
    port,
    close: () =>
      new Promise((closed) => {
        server.close(() => {
          closed();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(routes: ReadonlyMap<string, () => HttpAnswer | Promise<HttpAnswer>>, request: IncomingMessage) {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const route = routes.get(path);
  if (route === undefined) return { status: 404, contentType: TEXT, text: 'not found\n' };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, contentType: TEXT, text: 'only GET is served\n' };
  }
  return route();
}

function send(response: ServerResponse, found: HttpAnswer, close: boolean): void {
  response.writeHead(found.status, {
    'content-type': found.contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(close ? { connection: 'close' } : {}),
  });
  response.end(found.text);
}
