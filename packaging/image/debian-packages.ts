// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildCache } from '../build-cache.ts';
import type { TarEntry } from '../oci/tarball.ts';
import type { Architecture } from '../platform.ts';
import { readTar } from '../read-tar.ts';

/** A Debian package whose files the image holds in part. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: Architecture;
  /** The SHA-256 of the package file in hexadecimal. */
  readonly sha256: string;
  readonly files: readonly TarEntry[];
}

export const DEBIAN_RELEASE = { codename: 'trixie', version: '13' } as const;

/** The C and C++ libraries that Node is linked with, and the file that names the distribution. */
const NAMES = ['base-files', 'gcc-14-base', 'libc6', 'libgcc-s1', 'libstdc++6'];

const MAX_OUTPUT = 64 * 1024 * 1024;
const run = promisify(execFile);

/**
 * The packages of an architecture, as an earlier build kept them in a folder, or else fetched in the versions of today.
 * @param keptIn the folder from which they are taken, and in which they are kept when it has none of the architecture
 */
export async function debianPackages(architecture: Architecture, keptIn?: string): Promise<readonly DebianPackage[]> {
  const kept = keptIn === undefined ? undefined : join(keptIn, architecture);
  if (kept !== undefined && existsSync(kept)) return packagesOf(kept, architecture);
  const parent = keptIn ?? buildCache('debian');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'packages-'));
  try {
    await fetchPackages(folder, architecture);
    const packages = await packagesOf(folder, architecture);
    if (kept !== undefined) await rename(folder, kept);
    return packages;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Fetches the packages with apt, which checks Debian's signatures. It uses the Debian mirrors of this machine's apt, or $DEBIAN_MIRROR,
 * with lists of its own: no root is needed, and nothing is installed.
 */
async function fetchPackages(folder: string, architecture: Architecture): Promise<void> {
  const env = await aptEnvironment(architecture);
  await run('apt-get', ['update', '-qq'], { env, maxBuffer: MAX_OUTPUT });
  const names = NAMES.map((name) => `${name}:${architecture}`);
  await run('apt-get', ['download', '-qq', ...names], { env, cwd: folder, maxBuffer: MAX_OUTPUT });
}

async function packagesOf(folder: string, architecture: Architecture): Promise<readonly DebianPackage[]> {
  const archives = (await readdir(folder)).toSorted().map((file) => join(folder, file));
  return Promise.all(archives.map((archive) => debianPackage(archive, architecture)));
}

async function debianPackage(archive: string, architecture: Architecture): Promise<DebianPackage> {
  const fields = (await run('dpkg-deb', ['--field', archive])).stdout;
  const field = (name: string): string => new RegExp(`^${name}: (.+)$`, 'm').exec(fields)?.[1] ?? '';
  const options = { encoding: 'buffer', maxBuffer: MAX_OUTPUT } as const;
  const { stdout: tar } = await run('dpkg-deb', ['--fsys-tarfile', archive], options);
  const name = field('Package');
  // Scanners find the packages of an image without dpkg in this folder.
  const status = { path: `var/lib/dpkg/status.d/${name}`, content: Buffer.from(fields) };
  return {
    name,
    version: field('Version'),
    architecture,
    sha256: createHash('sha256')
      .update(await readFile(archive))
      .digest('hex'),
    files: [...(await readTar(tar, isNeeded)), status],
  };
}

/** Libraries and the loader, licences, and the name of the distribution. */
function isNeeded(path: string): boolean {
  return (
    /^usr\/lib\/[^/]+-linux-gnu\/[^/]+\.so(\.|$)/.test(path) ||
    /^usr\/(lib|lib64)\/ld-linux[^/]*$/.test(path) ||
    /^usr\/share\/doc\/[^/]+(\/copyright)?$/.test(path) ||
    /^(usr\/lib\/os-release|etc\/os-release|etc\/debian_version)$/.test(path)
  );
}

async function aptEnvironment(architecture: Architecture): Promise<NodeJS.ProcessEnv> {
  const folder = buildCache(`apt-${architecture}`);
  for (const name of ['lists/partial', 'cache/archives/partial']) await mkdir(join(folder, name), { recursive: true });
  const mirrors = await debianMirrors();
  const { codename } = DEBIAN_RELEASE;
  const keys = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  const sources = [
    `deb ${keys} ${mirrors.main} ${codename} main`,
    `deb ${keys} ${mirrors.main} ${codename}-updates main`,
    `deb ${keys} ${mirrors.security} ${codename}-security main`,
  ];
  await writeFile(join(folder, 'sources.list'), `${sources.join('\n')}\n`);
  const settings = [
    `Dir::Etc::SourceList "${join(folder, 'sources.list')}";`,
    'Dir::Etc::SourceParts "/dev/null";',
    `Dir::State::Lists "${join(folder, 'lists')}";`,
    'Dir::State::status "/dev/null";',
    `Dir::Cache "${join(folder, 'cache')}";`,
    `APT::Architecture "${architecture}";`,
    `APT::Architectures { "${architecture}"; };`,
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
  ];
  await writeFile(join(folder, 'apt.conf'), `${settings.join('\n')}\n`);
  return { ...process.env, APT_CONFIG: join(folder, 'apt.conf') };
}

/** The addresses of Debian's archives: $DEBIAN_MIRROR with "debian" and "debian-security" below it, or those of this machine's apt. */
async function debianMirrors(): Promise<{ readonly main: string; readonly security: string }> {
  const base = process.env['DEBIAN_MIRROR'];
  if (base !== undefined) return { main: `${base}/debian`, security: `${base}/debian-security` };
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { maxBuffer: MAX_OUTPUT });
  const addresses = [...new Set(stdout.split('\n'))];
  const main = addresses.find((address) => /\/debian\/$/.test(address));
  const security = addresses.find((address) => /\/debian-security\/$/.test(address));
  if (main !== undefined && security !== undefined) return { main, security };
  throw new Error('the apt of this machine has no sources of Debian: set DEBIAN_MIRROR to the address of a mirror');
}
