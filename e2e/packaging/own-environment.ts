// SPDX-License-Identifier: Apache-2.0

/** The platform that this machine can run. */
export const ownPlatform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';

/** The user's variables that say where to fetch from and where to keep it. */
export function userEnvironment(): Readonly<Record<string, string>> {
  const names = ['PATH', 'HOME', 'XDG_CACHE_HOME', 'DEBIAN_MIRROR', 'HTTP_PROXY', 'HTTPS_PROXY', 'NODE_EXTRA_CA_CERTS'];
  const set = names.map((name): readonly [string, string | undefined] => [name, process.env[name]]);
  return Object.fromEntries(set.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
