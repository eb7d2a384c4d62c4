// SPDX-License-Identifier: Apache-2.0
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { EgressClient } from '../../net/egress-client.ts';
import { EgressError } from '../../net/egress-error.ts';
import { ProxyError } from '../../net/proxy/proxy-error.ts';
import { readExactly } from './read-exactly.ts';

const VERSION = 5;
const PASSWORD_METHOD = 2;
const REPLY = { granted: 0, notAllowed: 2, refused: 5 } as const;
const HANDSHAKE_MS = 10_000;
/** The most bytes to read between two requests: more than the largest document, 16 MiB. */
const MAX_ANSWER_BYTES = 20 * 1024 * 1024;

/** The relay's address and its only account. */
export interface RelayAccess {
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/**
 * A SOCKS 5 server (RFC 1928, 1929) on 127.0.0.1 that opens each connection through the egress client. MongoDB's driver connects to
 * the members that a server announces, and has no hook for literal addresses among them. A proxy is the only way to check all of them.
 * Clients need the relay's random password.
 */
export class SocksRelay {
  readonly access: RelayAccess;
  readonly #server: Server;
  readonly #egress: Pick<EgressClient, 'connect'>;
  readonly #sockets = new Set<Socket>();
  readonly #stopping = new AbortController();
  #refusal: EgressError | undefined;

  private constructor(server: Server, port: number, egress: Pick<EgressClient, 'connect'>) {
    this.#server = server;
    this.#egress = egress;
    this.access = { port, username: 'hallmark', password: randomBytes(24).toString('hex') };
    // Do not keep the process alive for an idle relay; the driver's connections do that.
    server.unref();
    server.on('connection', (socket) => {
      this.#keep(socket);
      // The driver reports this as a failed connection; keep the reason for its error.
      this.#serve(socket).catch((error: unknown) => {
        if (isForbidden(error) || error instanceof ProxyError) this.#refusal = error;
        socket.destroy();
      });
    });
  }

  static async start(egress: Pick<EgressClient, 'connect'>): Promise<SocksRelay> {
    const server = createServer({ pauseOnConnect: false });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('the relay has no port');
    return new SocksRelay(server, address.port, egress);
  }

  /** Take the latest refusal by the egress rules or the proxy since the previous call. */
  takeRefusal(): EgressError | undefined {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    return refusal;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // An error on a socket without a listener ends the process.
    socket.on('error', () => undefined);
  }

  async #serve(socket: Socket): Promise<void> {
    socket.setTimeout(HANDSHAKE_MS, () => socket.destroy());
    await this.#authenticate(socket);
    const target = await readTarget(socket);
    const upstream = await this.#connect(socket, target);
    this.#keep(upstream);
    socket.setTimeout(0);
    socket.write(reply(REPLY.granted));
    capAnswers(socket, upstream);
    await Promise.all([pipeline(socket, upstream), pipeline(upstream, socket)]);
  }

  async #authenticate(socket: Socket): Promise<void> {
    const [version, count = 0] = await readExactly(socket, 2);
    const methods = await readExactly(socket, count);
    if (version !== VERSION || !methods.includes(PASSWORD_METHOD)) throw new Error('the client offers no password');
    socket.write(Buffer.from([VERSION, PASSWORD_METHOD]));
    const [, nameLength = 0] = await readExactly(socket, 2);
    const name = await readExactly(socket, nameLength);
    const [passwordLength = 0] = await readExactly(socket, 1);
    const password = await readExactly(socket, passwordLength);
    const isAuthenticated = equal(name, this.access.username) && equal(password, this.access.password);
    socket.write(Buffer.from([1, isAuthenticated ? 0 : 1]));
    if (!isAuthenticated) throw new Error('the client is not known');
  }

  async #connect(socket: Socket, target: { hostname: string; port: number }): Promise<Socket> {
    try {
      return await this.#egress.connect(target, this.#stopping.signal);
    } catch (error) {
      socket.write(reply(isForbidden(error) ? REPLY.notAllowed : REPLY.refused));
      throw error;
    }
  }
}

function isForbidden(error: unknown): error is EgressError {
  return error instanceof EgressError && error.reason === 'EndpointForbidden';
}

/** Close a connection that sends more than any response needs: the driver would read as much as a message claims to have. */
function capAnswers(socket: Socket, upstream: Socket): void {
  let received = 0;
  socket.on('data', () => {
    received = 0;
  });
  upstream.on('data', ({ length }) => {
    received += length;
    if (received > MAX_ANSWER_BYTES) upstream.destroy(new Error('the server answers with more than a document'));
  });
}

/** The target of a CONNECT request: an IPv4 address, a name, or an IPv6 address. */
async function readTarget(socket: Socket): Promise<{ hostname: string; port: number }> {
  const [version, command, , type] = await readExactly(socket, 4);
  if (version !== VERSION || command !== 1) throw new Error('only CONNECT is served');
  const hostname = await readHostname(socket, type);
  const port = (await readExactly(socket, 2)).readUInt16BE();
  return { hostname, port };
}

async function readHostname(socket: Socket, type: number | undefined): Promise<string> {
  switch (type) {
    case 1:
      return [...(await readExactly(socket, 4))].join('.');
    case 3: {
      const [length = 0] = await readExactly(socket, 1);
      return (await readExactly(socket, length)).toString('latin1');
    }
    case 4: {
      const bytes = await readExactly(socket, 16);
      return Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16)).join(':');
    }
    default:
      throw new Error('unknown type of address');
  }
}

function reply(code: number): Buffer {
  return Buffer.from([VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}

function equal(given: Buffer, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}
