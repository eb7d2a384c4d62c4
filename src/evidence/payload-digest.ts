// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** `sha256:` and the hex digest of bytes, the form of records and OCI descriptors. */
export function payloadDigest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
