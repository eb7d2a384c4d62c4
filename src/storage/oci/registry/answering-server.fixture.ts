// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A server whose responses a test sets. It records its requests. */
export class AnsweringServer {
  readonly requests: IncomingMessage[] = [];
  connections = 0;
  /** Connections that began with something other than HTTP, such as a TLS handshake. */
  handshakes = 0;
  /** A promise that rejects ends the connection. */
  answer: (request: IncomingMessage, response: ServerResponse) => unknown = (_request, response) => response.end();
  readonly #server = createServer((request, response) => {
    this.requests.push(request);
    response.on('error', () => undefined);
    const answered = this.answer(request, response);
    if (answered instanceof Promise) answered.catch(() => response.destroy());
  });
  #port = 0;

  /** Start on a free port of 127.0.0.1. */
  static async start(): Promise<AnsweringServer> {
    const server = new AnsweringServer();
    await server.#listen();
    return server;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get port(): number {
    return this.#port;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  forget(): void {
    this.requests.length = 0;
    this.connections = 0;
    this.handshakes = 0;
  }

  async #listen(): Promise<void> {
    this.#server.on('connection', () => (this.connections += 1));
    this.#server.on('clientError', (_error, socket) => {
      this.handshakes += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    assert.ok(typeof address === 'object' && address !== null);
    this.#port = address.port;
  }
}
