// SPDX-License-Identifier: Apache-2.0
// `npm run build:cli`: makes the command as one executable file for each platform, and the manifest of its krew plugin.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { packageVersion } from '../src/package-version.ts';
import { buildCommand } from './command/build-command.ts';
import { krewManifest, type PluginArchive } from './command/krew-manifest.ts';
import { packageLicences } from './command/package-licences.ts';
import { writeCommandBundle } from './command/write-command-bundle.ts';
import { tarball } from './oci/tarball.ts';
import { architectureOf, type Platform, platforms } from './platform.ts';
import { sourceTime } from './source-time.ts';

interface CommandOptions {
  readonly output: string;
  readonly platform: readonly Platform[];
  readonly url?: string;
}

const ROOT = join(import.meta.dirname, '..');

await new Command('npm run build:cli --')
  .description('Make the command as one executable file that needs neither Node nor packages, and its archive.')
  .option('--output <folder>', 'folder for the files', join(ROOT, 'build', 'command'))
  .addOption(new Option('--platform <name...>', 'platforms').choices(platforms).default(platforms))
  .option(
    '--url <address>',
    'folder on the web that will hold the archives: writes hallmark.yaml, the manifest of the krew plugin',
  )
  .action(make)
  .parseAsync();

async function make({ output, platform: wanted, url }: CommandOptions): Promise<void> {
  await rm(output, { recursive: true, force: true });
  const version = packageVersion();
  const modules = await writeCommandBundle(version);
  const archives: PluginArchive[] = [];
  for (const platform of wanted) archives.push(await archiveOf(modules, { output, platform, version }));
  const sums = archives.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join('');
  await writeFile(join(output, 'SHA256SUMS'), sums);
  process.stdout.write(sums);
  if (url !== undefined)
    await writeFile(
      join(output, 'hallmark.yaml'),
      stringify(krewManifest({ version, url, archives }), { lineWidth: 0 }),
    );
}

interface ArchiveSource {
  readonly output: string;
  readonly platform: Platform;
  readonly version: string;
}

/** Writes the executable of a platform, and an archive of it with the licences. */
async function archiveOf(
  modules: ReadonlyMap<string, string>,
  { output, platform, version }: ArchiveSource,
): Promise<PluginArchive> {
  const architecture = architectureOf(platform);
  const executable = join(output, `linux-${architecture}`, 'hallmark');
  const licence = await buildCommand(modules, { platform, file: executable });
  const entries = [
    { path: 'hallmark', content: await readFile(executable), mode: 0o755 },
    { path: 'LICENSE', content: await readFile(join(ROOT, 'LICENSE')) },
    { path: 'LICENSE.node', content: licence },
    { path: 'LICENSE.packages', content: packageLicences(ROOT) },
  ];
  const { gzip } = await tarball(entries, sourceTime(ROOT));
  const file = `hallmark-${version}-linux-${architecture}.tar.gz`;
  await mkdir(output, { recursive: true });
  await writeFile(join(output, file), gzip);
  return { file, architecture, sha256: createHash('sha256').update(gzip).digest('hex') };
}
