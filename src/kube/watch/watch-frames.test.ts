// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubeError } from '../kube-error.ts';
import { watchFrames } from './watch-frames.ts';

const lines = [
  { type: 'ADDED', object: { metadata: { name: 'a', annotations: { text: 'zwei\nZeilen, größer' } } } },
  { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } },
  { type: 'DELETED', object: { metadata: { name: 'b' } } },
];
const body = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

describe('the frames of a watch', () => {
  for (const chunkBytes of [1, 2, 3, 7, 64, body.byteLength - 1, body.byteLength]) {
    it(`are the same when the body arrives in chunks of ${chunkBytes} bytes`, async () => {
      assert.deepEqual(await frames(chunks(body, chunkBytes), 1024), lines);
    });
  }

  it('may be separated by empty lines', async () => {
    assert.deepEqual(await frames([Buffer.from('\n\n'), body], 1024), lines);
  });

  const broken = {
    'an end in mid-line': {
      text: body.subarray(0, body.byteLength - 1),
      yields: 2,
      says: /a part of an event and ended/,
    },
    'a line that is not JSON': { text: Buffer.from('<html>bad gateway</html>\n'), yields: 0, says: /not JSON/ },
    'a line that is no event': { text: Buffer.from('[1]\n'), yields: 0, says: /not an event/ },
    'an object without a type': { text: Buffer.from('{"kind":"Status"}\n'), yields: 0, says: /not an event/ },
    'a line that is too long': {
      text: Buffer.from(`{"type":"${'x'.repeat(5000)}"}\n`),
      yields: 0,
      says: /more than 1024/,
    },
    'a long line that never ends': { text: Buffer.from('x'.repeat(5000)), yields: 0, says: /more than 1024/ },
  };
  for (const [name, { text, yields, says }] of Object.entries(broken)) {
    it(`end with an error after ${name}, and what came before is given`, async () => {
      const given: unknown[] = [];
      const reading = (async () => {
        for await (const frame of watchFrames(source(chunks(text, 100)), 1024)) given.push(frame);
      })();
      await assert.rejects(reading, (error) => error instanceof KubeError && says.test(error.message));
      assert.equal(given.length, yields);
    });
  }
});

async function frames(parts: readonly Uint8Array[], maxFrameBytes: number): Promise<unknown[]> {
  return Array.fromAsync(watchFrames(source(parts), maxFrameBytes));
}

function chunks(bytes: Uint8Array, size: number): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_unused, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

async function* source(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(part);
}
