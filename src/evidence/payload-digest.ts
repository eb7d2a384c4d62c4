// SPDX-License-Identifier: Apache-2.0
import { hash } from 'node:crypto';

/** `sha256:` and the hex digest of bytes, the form of records and OCI descriptors. */
export function payloadDigest(bytes: Uint8Array): string {
  return `sha256:${hash('sha256', bytes)}`;
}
