// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** Reads this package's version from package.json, which is one or two folders higher. */
export function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
    } catch {
      // The sources and the parts of the bundle lie at different depths; the other path has it.
    }
  }
  return 'unknown';
}
