// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** `${XDG_CACHE_HOME:-~/.cache}/hallmark/testbed`, made when missing. */
export function cacheDirectory(): string {
  const configured = process.env.XDG_CACHE_HOME ?? '';
  // A relative path there is to be ignored, says the XDG base directory specification.
  const base = isAbsolute(configured) ? configured : join(homedir(), '.cache');
  const path = join(base, 'hallmark', 'testbed');
  mkdirSync(path, { recursive: true });
  return path;
}
