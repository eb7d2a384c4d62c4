// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { unreadableFile } from '../file-error.ts';

/** The path that stands for standard input. */
export const STANDARD_INPUT = '-';

const PIECE_BYTES = 128 * 1024;

/** Refuses a path that is missing or cannot be read, before anything is read. @throws UsageError */
export async function requireReadable(paths: readonly string[]): Promise<void> {
  for (const path of paths) if (path !== STANDARD_INPUT) await access(path, constants.R_OK).catch(unreadableFile(path));
}

/** True for a file, which can be read twice, unlike a pipe. @throws UsageError */
export async function isFile(path: string): Promise<boolean> {
  return path !== STANDARD_INPUT && (await stat(path).catch(unreadableFile(path))).isFile();
}

/**
 * Reads a file, or standard input, piece by piece as UTF-8. UTF-16 with a byte order mark, which PowerShell writes, is converted. A piece
 * is gone when the next is read. @throws UsageError
 */
export async function* documentBytes(
  path: string,
  standardInput: AsyncIterable<unknown>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let decoder: TextDecoder | undefined;
  let isFirst = true;
  for await (const chunk of path === STANDARD_INPUT ? bytesOf(standardInput) : fileBytes(path)) {
    if (isFirst) decoder = decoderOf(chunk);
    isFirst = false;
    yield decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }));
  }
}

/** Returns a decoder for a text that begins with a byte order mark. Standard input may give the mark alone, but not half of it. */
function decoderOf([first, second, third]: Uint8Array): TextDecoder | undefined {
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le');
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be');
  return first === 0xef && second === 0xbb && third === 0xbf ? new TextDecoder() : undefined;
}

async function* bytesOf(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of stream) {
    if (chunk instanceof Uint8Array) yield chunk;
    else if (typeof chunk === 'string') yield Buffer.from(chunk);
  }
}

async function* fileBytes(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path).catch(unreadableFile(path));
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer).catch(unreadableFile(path));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
