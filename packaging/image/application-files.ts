// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { productionPackages } from '../../codegen/packages/production-packages.ts';
import { writeBundle } from '../write-bundle.ts';

/** A file of the image. */
interface ApplicationFile {
  readonly path: string;
  readonly content: Buffer;
}

/** The files of the operator below `app`: the bundle, and the packages that it loads on demand, as package-lock.json lists them. */
export async function applicationFiles(root: string): Promise<readonly ApplicationFile[]> {
  return [
    ...(await bundleFiles(root)),
    ...(await packageFiles(root)),
    { path: 'app/package.json', content: await readFile(join(root, 'package.json')) },
    { path: 'app/LICENSE', content: await readFile(join(root, 'LICENSE')) },
  ];
}

async function bundleFiles(root: string): Promise<readonly ApplicationFile[]> {
  // At the top of the checkout, so that the source maps name the same paths as in any other.
  const folder = await mkdtemp(join(root, 'dist-of-image-'));
  try {
    await writeBundle(folder);
    return await filesBelow(folder, 'app/dist', () => true);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function packageFiles(root: string): Promise<readonly ApplicationFile[]> {
  const lock: unknown = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  // Compiled packages are installed for this machine alone, and what depends on them works without: all platforms get the same.
  const wanted = productionPackages(lock).filter(({ isCompiled }) => !isCompiled);
  const installed = wanted.filter(({ path }) => existsSync(join(root, path)));
  const files = installed.map(({ path }) => filesBelow(join(root, path), `app/${path}`, isRun));
  return (await Promise.all(files)).flat();
}

/**
 * Types and source maps are half of the bytes of the packages, and nothing reads them. Files `.bare` are compiled for another runtime than
 * Node. A licence may be in any file of text.
 */
function isRun(path: string): boolean {
  return !/\.(map|bare|d\.[cm]?ts)$/.test(path);
}

async function filesBelow(
  folder: string,
  path: string,
  isWanted: (path: string) => boolean,
): Promise<readonly ApplicationFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry): Promise<readonly ApplicationFile[]> => {
    const [from, to] = [join(folder, entry.name), `${path}/${entry.name}`];
    // Packages inside a package have entries of their own in the lock file.
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(from, to, isWanted);
    return entry.isFile() && isWanted(to) ? [{ path: to, content: await readFile(from) }] : [];
  });
  return (await Promise.all(found)).flat();
}
