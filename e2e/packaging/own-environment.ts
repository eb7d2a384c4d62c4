// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The platform that this machine can run. */
export const ownPlatform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';

const folders = (process.env['PATH'] ?? '').split(delimiter);
const missing = ['apt-get', 'dpkg-deb'].filter((name) => !folders.some((folder) => existsSync(join(folder, name))));

/** The reason for which tests that make the image are left out on this machine; false if it can make it. */
export const noImage: string | false =
  missing.length === 0 ? false : `making the image takes Debian or Ubuntu: ${missing.join(' and ')} not found`;

/** The user's variables that say where to fetch from and where to keep it. */
export function userEnvironment(): Readonly<Record<string, string>> {
  const names = ['PATH', 'HOME', 'XDG_CACHE_HOME', 'DEBIAN_MIRROR', 'HTTP_PROXY', 'HTTPS_PROXY', 'NODE_EXTRA_CA_CERTS'];
  const set = names.map((name): readonly [string, string | undefined] => [name, process.env[name]]);
  return Object.fromEntries(set.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
