// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { OutboundDoor } from '../../net/outbound-door.ts';
import { reasonOf } from '../reason-of.fixture.ts';
import { MongoConnection } from './mongo-connection.ts';

const MIB = 1024 * 1024;
/** Far above what a refusal takes, far below what the server has to offer. */
const FEW_BYTES = 200 * MIB;

/** Runs the work with a server that serves every connection in this way. */
async function withServer(serve: (socket: Socket) => void, work: (host: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  try {
    await work(`127.0.0.1:${address.port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const BOMB_BYTES = 512 * MIB;
const bomb = deflateSync(Buffer.alloc(BOMB_BYTES));

/** A message of the wire protocol that is packed by zlib, in answer to the request whose bytes are given. */
function packed(request: Buffer): Buffer {
  const head = Buffer.alloc(25);
  head.writeInt32LE(head.length + bomb.length, 0);
  head.writeInt32LE(request.readInt32LE(4), 8);
  head.writeInt32LE(2012, 12);
  head.writeInt32LE(2013, 16);
  head.writeInt32LE(BOMB_BYTES, 20);
  head.writeUInt8(2, 24);
  return Buffer.concat([head, bomb]);
}

/** Says that a message of two gigabytes follows, and sends them as fast as they are taken. */
function pour(socket: Socket): void {
  const chunk = Buffer.alloc(MIB);
  chunk.writeInt32LE(0x7fff_ffff);
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

describe('MongoConnection', () => {
  for (const [what, answer] of [
    ['packs half a gigabyte into its answer', (socket, bytes) => socket.write(packed(bytes))],
    ['never ends its answer', pour],
  ] as const satisfies readonly (readonly [string, (socket: Socket, request: Buffer) => void])[]) {
    it(`holds no more memory for a server that ${what}`, async () => {
      const door = new OutboundDoor({ allow: ['127.0.0.1'] });
      const connection = new MongoConnection(door);
      await withServer(
        (socket) => socket.on('data', (request) => answer(socket, request)),
        async (host) => {
          let highest = 0;
          const before = process.memoryUsage().rss;
          const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 20);
          const target = { connectionString: `mongodb://${host}`, tls: {}, described: 'a test' };
          const ping = connection.use(target, 'asking', (client) => client.db('a').command({ ping: 1 }));
          assert.equal(await reasonOf(ping), 'BackendUnavailable');
          clearInterval(watch);
          assert.ok(highest - before < FEW_BYTES, `${before} bytes before, ${highest} at most`);
        },
      );
      await connection.close();
      await door.close();
    });
  }
});
