// SPDX-License-Identifier: Apache-2.0
import { createServer, request as forward } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

/** Something that goes wrong. Every fault is consulted for each request, in order of arrival. */
export interface Fault {
  /** An answer in the registry's place. */
  readonly instead?: (request: IncomingMessage) => Answer | undefined;
  /** Something that happens after the registry has answered and before the client hears of it. */
  readonly before?: (request: IncomingMessage) => Promise<void>;
}

/** A proxy in front of a real registry that makes one thing go wrong at a time. */
export class FaultyRegistry {
  readonly host: string;
  /** `METHOD path` of every request so far. */
  readonly requests: string[] = [];
  fault: Fault = {};
  readonly #server: Server;
  readonly #target: string;

  private constructor(server: Server, host: string, target: string) {
    this.#server = server;
    this.host = host;
    this.#target = target;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response);
    });
  }

  static async start(target: string): Promise<FaultyRegistry> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy got no port');
    return new FaultyRegistry(server, `127.0.0.1:${address.port}`, target);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const { instead, before } = this.fault;
    const answer = instead?.(request);
    if (answer !== undefined) {
      request.resume();
      response.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    const url = new URL(request.url ?? '/', `http://${this.#target}`);
    const sent = forward(url, { method: request.method, headers: request.headers, agent: false }, (received) => {
      const reply = async (): Promise<void> => {
        await before?.(request);
        response.writeHead(received.statusCode ?? 502, received.headers);
        received.pipe(response);
      };
      reply().catch(() => {
        response.destroy();
      });
    });
    sent.on('error', (error) => response.destroy(error));
    request.pipe(sent);
  }
}
