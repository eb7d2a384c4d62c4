// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type TrapAnswer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers as a test says, and remembers who called. */
export class Trap {
  readonly requests: IncomingMessage[] = [];
  connections = 0;
  answer: TrapAnswer = (_request, response) => response.end();
  readonly #address: string;
  readonly #server: Server;
  #port = 0;

  /** @param address to listen on */
  constructor(address = '127.0.0.1') {
    this.#address = address;
    this.#server = createServer((request, response) => {
      this.requests.push(request);
      this.answer(request, response);
    });
    this.#server.on('connection', () => (this.connections += 1));
  }

  get port(): number {
    return this.#port;
  }

  get host(): string {
    return `${this.#address}:${this.#port}`;
  }

  async start(port: number): Promise<void> {
    this.#port = port;
    await new Promise<void>((resolve) => this.#server.listen(port, this.#address, resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
