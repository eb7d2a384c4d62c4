// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** The SHA-256 of bytes as a git blob, hex: the name under which Archivista files an upload. */
export function gitoid(bytes: Buffer): string {
  return createHash('sha256').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
