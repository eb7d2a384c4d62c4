// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sharedWatchdog } from '../processes/shared-watchdog.ts';
import { PlanePool, type PoolCounts } from './plane-pool.ts';
import { parsePlaneRequest, planeAccessLine } from './pool-messages.ts';
import type { PooledPlane } from './pooled-plane.ts';

/**
 * Lends control planes to the processes of test files, by a socket of the file system. A connection is a loan: a line
 * asks (`plane` and the layers that it is to have), a line answers, `clean` gives back what nothing uses any more. A connection that ends without
 * that word belonged to a process that died, and whose servers may still be at work: its control plane is thrown away.
 */
export class PoolServer {
  /** The value of HALLMARK_TESTBED_POOL for test files. */
  readonly path: string;
  readonly #directory: string;
  readonly #pool = new PlanePool();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #work = new Set<Promise<void>>();

  private constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, 'pool');
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      const work = this.#serve(socket).finally(() => this.#work.delete(work));
      this.#work.add(work);
    });
  }

  static async start(): Promise<PoolServer> {
    const directory = mkdtempSync(join(tmpdir(), 'hallmark-pool-'));
    sharedWatchdog().trackDirectory(directory);
    const server = new PoolServer(directory);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(server.path, resolve);
    });
    return server;
  }

  get counts(): PoolCounts {
    return this.#pool.counts;
  }

  /** Ends all loans and all control planes. */
  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#work);
    await this.#pool.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #serve(socket: Socket): Promise<void> {
    const reader = createInterface({ input: socket });
    // A borrower that dies is seen by the end of its lines.
    for (const source of [socket, reader]) source.on('error', () => undefined);
    // A socket that is destroyed has no end that the reader would see.
    socket.once('close', () => {
      reader.close();
    });
    const lines = reader[Symbol.asyncIterator]();
    const asked = await lines.next();
    if (asked.done === true) return;
    let plane: PooledPlane;
    try {
      plane = await this.#pool.take(parsePlaneRequest(asked.value));
    } catch (error) {
      socket.end(`${JSON.stringify({ error: error instanceof Error ? error.message : String(error) })}\n`);
      return;
    }
    socket.write(planeAccessLine(plane.access));
    const ended = await lines.next();
    await this.#pool.giveBack(plane, ended.done !== true && ended.value === 'clean');
    // The borrower waits for this, so that the next one finds the control plane idle.
    socket.end();
  }
}
