// SPDX-License-Identifier: Apache-2.0
import { crc32, inflateRawSync } from 'node:zlib';

const centralEntry = 0x02014b50;
const endOfDirectory = 0x06054b50;
const deflated = 8;

/** The content of one deflated file in a zip archive (APPNOTE.TXT 4.3; no zip64). */
export function unzipFile(archive: Buffer, name: string): Buffer {
  const end = archive.lastIndexOf(uint32(endOfDirectory));
  if (end < 0) throw new Error('not a zip archive: it has no end-of-directory record');
  let offset = archive.readUInt32LE(end + 16);
  while (archive.readUInt32LE(offset) === centralEntry) {
    const nameEnd = offset + 46 + archive.readUInt16LE(offset + 28);
    if (archive.toString('utf8', offset + 46, nameEnd) === name) return content(archive, offset);
    offset = nameEnd + archive.readUInt16LE(offset + 30) + archive.readUInt16LE(offset + 32);
  }
  throw new Error(`the zip archive holds no ${name}`);
}

function content(archive: Buffer, entry: number): Buffer {
  if (archive.readUInt16LE(entry + 10) !== deflated) throw new Error('only deflated files are read');
  const local = archive.readUInt32LE(entry + 42);
  // The local header has a name and an extra field of its own lengths.
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const inflated = inflateRawSync(archive.subarray(start, start + archive.readUInt32LE(entry + 20)));
  if (crc32(inflated) !== archive.readUInt32LE(entry + 16))
    throw new Error('the checksum in the zip archive does not match');
  return inflated;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
