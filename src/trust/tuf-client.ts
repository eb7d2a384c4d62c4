// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fetcher } from 'tuf-js';
import { field } from '../json/fields.ts';
import { TrustError } from './trust-error.ts';

/** The target with the trusted root in Sigstore's TUF repositories. */
const TARGET = 'trusted_root.json';
const ROLES = ['root', 'timestamp', 'snapshot', 'targets'] as const;

export interface TufFolder {
  readonly mirror: string;
  /** A folder for this mirror and this initial root alone. */
  readonly directory: string;
  readonly initialRoot: string;
}

export interface FetchedRoot {
  readonly text: string;
  /** The earliest expiry of the roles' metadata. */
  readonly expiresAt: Date;
}

/**
 * Fetches the trusted root of a TUF repository (TUF 1.0 client workflow, by tuf-js). Its metadata stays in the folder, so that a later call
 * notices a rollback. With `isOffline`, only the folder is read. Rejects with errors of tuf-js or the fetcher.
 */
export async function fetchRoot(folder: TufFolder, fetcher: Fetcher, isOffline: boolean): Promise<FetchedRoot> {
  const { directory, mirror } = folder;
  const targetDir = join(directory, 'targets');
  await prepare(folder, targetDir);
  const { Updater } = await import('tuf-js');
  const updater = new Updater({
    metadataBaseUrl: mirror,
    targetBaseUrl: `${mirror.replace(/\/+$/, '')}/targets`,
    metadataDir: directory,
    targetDir,
    fetcher,
    forceCache: isOffline,
  });
  await updater.refresh();
  const target = await updater.getTargetInfo(TARGET);
  if (target === undefined) throw new TrustError('NotFound', `the TUF mirror has no target ${TARGET}`);
  const path = (await updater.findCachedTarget(target)) ?? (await updater.downloadTarget(target));
  return { text: await readFile(path, 'utf8'), expiresAt: await firstExpiry(directory) };
}

/** Removes an unreadable folder, so that the next fetch starts from the initial root. */
export async function resetFolder({ directory }: TufFolder): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

async function prepare({ directory, initialRoot }: TufFolder, targetDir: string): Promise<void> {
  const root = join(directory, 'root.json');
  try {
    await mkdir(targetDir, { recursive: true, mode: 0o700 });
    const isThere = await stat(root).then(
      () => true,
      () => false,
    );
    if (!isThere) await writeFile(root, initialRoot, { mode: 0o600 });
  } catch (error) {
    const message = `${directory}, which holds the metadata of TUF mirrors, is not writable; mount a writable volume there`;
    throw new TrustError('Unavailable', message, { cause: error });
  }
}

async function firstExpiry(directory: string): Promise<Date> {
  const times = await Promise.all(
    ROLES.map(async (role) => {
      const metadata: unknown = JSON.parse(await readFile(join(directory, `${role}.json`), 'utf8'));
      return Date.parse(String(field(field(metadata, 'signed'), 'expires')));
    }),
  );
  return new Date(Math.min(...times));
}
