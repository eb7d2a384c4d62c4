// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeBinary } from '../node-binary.ts';
import type { Platform } from '../platform.ts';

/** Node looks for this text in itself (https://nodejs.org/api/single-executable-applications.html). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const run = promisify(execFile);

/**
 * Writes the command for a platform as one executable file: Node with the modules of the bundle inside.
 * @param modules those of the bundle, by name
 * @returns the licence of Node and of what it is built from
 */
export async function buildCommand(
  modules: ReadonlyMap<string, string>,
  { platform, file }: { readonly platform: Platform; readonly file: string },
): Promise<Buffer> {
  const { bytes, licence } = await nodeBinary(platform);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes, { mode: 0o755 });
  const folder = await mkdtemp(join(tmpdir(), 'hallmark-command-'));
  try {
    await inject(file, await preparedBlob(modules, folder));
  } finally {
    await rm(folder, { recursive: true });
  }
  return licence;
}

/** Writes a blob into Node in a process of its own, whose warnings about sections of Node that it does not know appear only if it fails. */
async function inject(file: string, blob: string): Promise<void> {
  const program = fileURLToPath(import.meta.resolve('postject/dist/cli.js'));
  await run(process.execPath, [program, file, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE]);
}

/** @returns the path of the blob, in the folder */
async function preparedBlob(modules: ReadonlyMap<string, string>, folder: string): Promise<string> {
  const assets: Record<string, string> = {};
  for (const [name, text] of [...modules].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    assets[name] = join(folder, name);
    await writeFile(assets[name], text);
  }
  const config = {
    main: join(import.meta.dirname, 'start.cjs'),
    output: join(folder, 'blob'),
    disableExperimentalSEAWarning: true,
    // The blob is for any platform.
    useSnapshot: false,
    useCodeCache: false,
    assets,
  };
  await writeFile(join(folder, 'sea.json'), JSON.stringify(config));
  await run(process.execPath, ['--experimental-sea-config', join(folder, 'sea.json')]);
  return config.output;
}
