// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** The version of this package, from the manifest beside the sources or, compiled, one folder further up. */
export function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
    } catch {
      // The sources and the compiled files lie at different depths; the other path has it.
    }
  }
  return 'unknown';
}
