// SPDX-License-Identifier: Apache-2.0
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';

const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

/** One message of a client. */
export interface MongoFrame {
  readonly bytes: Buffer;
  readonly command: { readonly name: string; readonly document: Document };
  /** The message that answers it with a document. */
  reply(document: Uint8Array): Buffer;
}

/** Cuts what a client sends into messages (OP_MSG, and OP_QUERY of the first hello). */
export class MongoFrames {
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): readonly MongoFrame[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const frames: MongoFrame[] = [];
    while (this.#rest.length >= HEADER_BYTES && this.#rest.length >= this.#rest.readInt32LE(0)) {
      const length = this.#rest.readInt32LE(0);
      frames.push(frameOf(this.#rest.subarray(0, length)));
      this.#rest = this.#rest.subarray(length);
    }
    return frames;
  }
}

function frameOf(bytes: Buffer): MongoFrame {
  const document = BSON.deserialize(bytes.subarray(documentStart(bytes)), { allowObjectSmallerThanBufferSize: true });
  const [name = ''] = Object.keys(document);
  return { bytes, command: { name, document }, reply: (answer) => replyTo(bytes, answer) };
}

/** Offset of the command's document: after flags and section kind, or after the name of the collection. */
function documentStart(bytes: Buffer): number {
  const opcode = bytes.readInt32LE(12);
  if (opcode === OP_MSG) return HEADER_BYTES + 5;
  if (opcode !== OP_QUERY) throw new Error(`message of the unknown kind ${opcode}`);
  return bytes.indexOf(0, HEADER_BYTES + 4) + 1 + 8;
}

function replyTo(request: Buffer, document: Uint8Array): Buffer {
  const isQuery = request.readInt32LE(12) === OP_QUERY;
  const prefix = Buffer.alloc(isQuery ? 20 : 5);
  // The number of documents in an OP_REPLY; flags and section kind of an OP_MSG are 0.
  if (isQuery) prefix.writeInt32LE(1, 16);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + prefix.length + document.length, 0);
  header.writeInt32LE(1, 4);
  header.writeInt32LE(request.readInt32LE(4), 8);
  header.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, prefix, document]);
}
