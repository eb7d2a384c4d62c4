// SPDX-License-Identifier: Apache-2.0
import { hash } from 'node:crypto';

/** A payload is digested for its record, and again for each backend; nothing changes its bytes. */
const digests = new WeakMap<Uint8Array, string>();

/** `sha256:` and the hex digest of bytes, the form of records and OCI descriptors. */
export function payloadDigest(bytes: Uint8Array): string {
  const digest = digests.get(bytes) ?? `sha256:${hash('sha256', bytes)}`;
  digests.set(bytes, digest);
  return digest;
}
