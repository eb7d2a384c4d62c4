// SPDX-License-Identifier: Apache-2.0
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/**
 * A TCP proxy in front of a port of 127.0.0.1 that tests use to break connections. TLS passes through: a certificate
 * that is valid for 127.0.0.1 stays valid.
 */
export class CutProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  #refusing = false;
  #delayMilliseconds = 0;

  private constructor(server: Server, port: number, targetPort: number) {
    this.#server = server;
    this.port = port;
    this.#targetPort = targetPort;
    server.on('connection', (client) => {
      this.#join(client);
    });
  }

  static start(targetPort: number): Promise<CutProxy> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        if (address === null || typeof address === 'string') reject(new Error('the proxy got no port'));
        else resolve(new CutProxy(server, address.port, targetPort));
      });
      server.unref();
    });
  }

  /** `https://127.0.0.1:<port>`. */
  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Connections of clients that are open now. */
  get openConnections(): number {
    return this.#sockets.size / 2;
  }

  /** Breaks every open connection; new ones are served. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** From now on new connections are reset, until `accept`. Open ones stay: see `cut`. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Serves new connections again. */
  accept(): void {
    this.#refusing = false;
  }

  /** Holds every chunk back for so long, in both directions; 0 ends it. */
  delay(milliseconds: number): void {
    this.#delayMilliseconds = milliseconds;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #join(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const target = connect(this.#targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // An error is followed by 'close', which is where both ends are given up.
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(this.#slow()).pipe(other);
    }
  }

  #slow(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (this.#delayMilliseconds === 0) done(undefined, chunk);
        else setTimeout(done, this.#delayMilliseconds, undefined, chunk);
      },
    });
  }
}
