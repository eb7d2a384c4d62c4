// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { MongoNetworkError } from 'mongodb';
import { isObject } from '../../json/fields.ts';

const MODULE = 'mongodb/lib/cmap/wire_protocol/compression.js';
const OP_CODE_OFFSET = 12;
const OP_COMPRESSED = 2012;

let isRefused = false;

/**
 * Make the driver refuse compressed messages. The operator never negotiates compression, yet the driver unpacks any message that claims to be
 * compressed, without a limit: a server that a team names could send a megabyte that becomes a gigabyte in this process. The driver has
 * no option for this, so replace its one function that unpacks. Call this when the driver is imported.
 * @throws TypeError when this version of the driver has no such function
 */
export function refuseCompression(): void {
  if (isRefused) return;
  const library: unknown = createRequire(import.meta.url)(MODULE);
  const original: unknown = isObject(library) ? library['decompressResponse'] : undefined;
  if (!isObject(library) || typeof original !== 'function') {
    throw new TypeError(`${MODULE} has no decompressResponse: compressed messages cannot be refused`);
  }
  const guarded = (message: Uint8Array): unknown => {
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    if (view.getInt32(OP_CODE_OFFSET, true) === OP_COMPRESSED) {
      throw new MongoNetworkError('the server compresses what it says, which was not agreed on');
    }
    return Reflect.apply(original, undefined, [message]);
  };
  isRefused = Reflect.set(library, 'decompressResponse', guarded);
}
