// SPDX-License-Identifier: Apache-2.0
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';
import { MongoFrames } from './mongo-frames.ts';
import type { MongoFrame } from './mongo-frames.ts';

/**
 * The outcome of a command. A document is the answer in the server's place; `Hang` is none; `Cut` ends the connection before the
 * server hears of it and `LostAnswer` after; `Garbage` answers with bytes that are no message.
 */
export type MongoFault = Document | 'Hang' | 'Cut' | 'LostAnswer' | 'Garbage' | undefined;

/** A command as it came: its name, and its first section. */
export interface MongoCommand {
  readonly name: string;
  readonly document: Document;
}

/** A proxy that speaks MongoDB's wire protocol and makes one thing go wrong at a time. */
export class MongoProxy {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Names of the commands so far, those of the driver's own monitoring included. */
  readonly commands: string[] = [];
  /** Asked for every command, in order of arrival. */
  fault: (command: MongoCommand) => MongoFault = () => undefined;
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number, target: number) {
    this.#server = server;
    this.host = `127.0.0.1:${port}`;
    this.#target = target;
    // A forgotten stop() must not keep the test run alive.
    server.unref();
    server.on('connection', (client) => {
      this.#serve(client);
    });
  }

  static async start(target: string): Promise<MongoProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy got no port');
    return new MongoProxy(server, address.port, Number(target.slice(target.lastIndexOf(':') + 1)));
  }

  /** Passes everything through again. */
  heal(): void {
    this.fault = () => undefined;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(client: Socket): void {
    const upstream = connect(this.#target, '127.0.0.1');
    let deaf = false;
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    upstream.on('data', (bytes) => {
      if (deaf) client.destroy();
      else client.write(bytes);
    });
    const frames = new MongoFrames();
    client.on('data', (bytes) => {
      for (const frame of frames.push(bytes)) {
        const fault = this.#faultOf(frame);
        if (fault === 'LostAnswer') deaf = true;
        if (fault === undefined || fault === 'LostAnswer') upstream.write(frame.bytes);
        else if (fault === 'Cut') client.destroy();
        else if (fault === 'Garbage') client.write(Buffer.alloc(64, 0xff));
        else if (fault !== 'Hang') client.write(frame.reply(BSON.serialize(fault)));
      }
    });
  }

  #faultOf({ command }: MongoFrame): MongoFault {
    this.commands.push(command.name);
    return this.fault(command);
  }
}
