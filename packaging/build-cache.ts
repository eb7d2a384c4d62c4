// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder of the user's cache for what was fetched, made when missing. */
export function buildCache(name: string): string {
  const configured = process.env['XDG_CACHE_HOME'] ?? '';
  const folder = join(
    configured.startsWith('/') ? configured : join(homedir(), '.cache'),
    'hallmark',
    'packaging',
    name,
  );
  mkdirSync(folder, { recursive: true });
  return folder;
}
