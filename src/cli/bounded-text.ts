// SPDX-License-Identifier: Apache-2.0

const MIB = 1024 * 1024;

/** A file that is too large to be held as text. */
export class TextTooLargeError extends Error {
  constructor(name: string, maxMiB: number) {
    super(`${name} is larger than ${maxMiB} MiB`);
    this.name = 'TextTooLargeError';
  }
}

/** Reads a stream of UTF-8 to its end. @param name names the stream in messages @throws TextTooLargeError */
export async function boundedText(name: string, stream: AsyncIterable<unknown>, maxMiB: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream) {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(String(piece));
    size += bytes.length;
    if (size > maxMiB * MIB) throw new TextTooLargeError(name, maxMiB);
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString('utf8');
}
