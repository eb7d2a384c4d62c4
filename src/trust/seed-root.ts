// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { field } from '../json/fields.ts';

/** The initial root that `@sigstore/tuf` ships for a well-known mirror; undefined for any other. */
export function seedRoot(mirror: string): string | undefined {
  const seeds: unknown = createRequire(import.meta.url)('@sigstore/tuf/seeds.json');
  const root = field(field(seeds, mirror.replace(/\/+$/, '')), 'root.json');
  return typeof root === 'string' ? Buffer.from(root, 'base64').toString('utf8') : undefined;
}
