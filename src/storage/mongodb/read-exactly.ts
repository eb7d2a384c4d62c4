// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net';

/** Read the next `length` bytes of a socket that has no other reader. Rejects when the socket ends before. */
export async function readExactly(socket: Socket, length: number): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  for (;;) {
    const chunk: unknown = socket.read(length);
    if (Buffer.isBuffer(chunk) && chunk.length === length) return chunk;
    if (chunk !== null || socket.readableEnded || socket.destroyed) throw new Error('the connection ended early');
    await readable(socket);
  }
}

function readable(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => (): void => {
      socket.off('readable', onReadable);
      socket.off('end', onEnd);
      socket.off('close', onEnd);
      act();
    };
    const onReadable = settle(resolve);
    const onEnd = settle(() => {
      reject(new Error('the connection ended early'));
    });
    socket.on('readable', onReadable);
    socket.on('end', onEnd);
    socket.on('close', onEnd);
  });
}
