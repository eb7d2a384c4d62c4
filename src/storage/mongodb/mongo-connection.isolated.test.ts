// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { EgressClient } from '../../net/egress-client.ts';
import { reasonOf } from '../reason-of.fixture.ts';
import { MongoConnection } from './mongo-connection.ts';

const MIB = 1024 * 1024;
/** Far above the size of a refusal, and far below the size of the server's response. */
const FEW_BYTES = 200 * MIB;
/** The largest document, and the content of the socket buffers on the way. */
const DOCUMENT_AND_BUFFERS = 64 * MIB;

/** Run the work with a server that treats every connection this way. */
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

/** A zlib-compressed message of the wire protocol, in response to the given request. */
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

/** Announce a message of two gigabytes, and send it as fast as the client reads. */
function pour(socket: Socket): void {
  const chunk = Buffer.alloc(MIB);
  chunk.writeInt32LE(0x7fff_ffff);
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

/** Call a server that responds this way, and expect a refusal. */
async function assertRefused(answer: (socket: Socket, request: Buffer) => void): Promise<void> {
  const egress = new EgressClient({ allow: ['127.0.0.1'] });
  const connection = new MongoConnection(egress);
  await withServer(
    (socket) => {
      socket.on('data', (request) => {
        answer(socket, request);
      });
    },
    async (host) => {
      const target = { connectionString: `mongodb://${host}`, tls: {}, described: 'a test' };
      const ping = connection.use(target, 'asking', (client) => client.db('a').command({ ping: 1 }));
      assert.equal(await reasonOf(ping), 'BackendUnavailable');
    },
  );
  await connection.close();
  await egress.close();
}

describe('MongoConnection', () => {
  it('does not unpack a compressed response of half a gigabyte', async () => {
    let highest = 0;
    const before = process.memoryUsage().rss;
    const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 20);
    await assertRefused((socket, request) => socket.write(packed(request)));
    clearInterval(watch);
    assert.ok(highest - before < FEW_BYTES, `${before} bytes before, ${highest} at most`);
  });

  it('reads no more than a document from a server that never ends its response', async () => {
    const taken = new Map<Socket, number>();
    await assertRefused((socket) => {
      pour(socket);
      taken.set(socket, 0);
      socket.once('close', () => taken.set(socket, socket.bytesWritten - socket.writableLength));
    });
    const most = Math.max(...taken.values());
    assert.ok(most > 0 && most < DOCUMENT_AND_BUFFERS, `${most} bytes over one connection`);
  });
});
