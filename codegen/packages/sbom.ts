// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withoutDevelopment } from './production-packages.ts';

const root = join(import.meta.dirname, '..', '..');
const npmSbom = ['sbom', '--sbom-format=spdx', '--sbom-type=application', '--package-lock-only', '--offline'];

/**
 * Describes the npm packages of the image as SPDX 2.3, in JSON. npm's own `--omit dev` leaves out every package that development needs too
 * (npm 11.19), so npm reads a lock that has no development in it.
 */
export async function sbom(): Promise<string> {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const { manifest, lock } = withoutDevelopment({ manifest: read('package.json'), lock: read('package-lock.json') });
  const folder = mkdtempSync(join(tmpdir(), 'hallmark-sbom-'));
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
    const { stdout } = await promisify(execFile)('npm', npmSbom, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    return withValidIDs(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** SPDX allows letters, digits, dots and hyphens in an id; npm keeps the underscores of names. */
function withValidIDs(document: string): string {
  return document.replaceAll(/"SPDXRef-[^"]*"/g, (id) => `"${id.slice(1, -1).replaceAll(/[^A-Za-z0-9.-]/g, '-')}"`);
}
