// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkoutFiles } from '../../codegen/verify/checkout-files.ts';
import { dockerContext } from '../../codegen/verify/docker-context.ts';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import type { ImageProcess } from '../testbed/node-agent/image-process.ts';

/** A layout of a folder, as the OCI image specification has it. */
export class UnpackedLayout {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The entries of its index. */
  get entries(): readonly Manifest[] {
    const entries = at(JSON.parse(readFileSync(join(this.#folder, 'index.json'), 'utf8')), 'manifests');
    return Array.isArray(entries) ? entries.map(asManifest) : [];
  }

  json(digest: unknown): Manifest {
    return asManifest(JSON.parse(readFileSync(this.blob(digest), 'utf8')));
  }

  /** The path of a blob. */
  blob(digest: unknown): string {
    return join(this.#folder, 'blobs', ...String(digest).split(':'));
  }

  /** The artifacts of a type that refer to a manifest. */
  referrers(digest: unknown, artifactType: string): readonly Manifest[] {
    return this.entries
      .filter((entry) => entry['artifactType'] === artifactType)
      .map((entry) => this.json(entry['digest']))
      .filter((manifest) => at(manifest, 'subject', 'digest') === digest);
  }
}

/** The image of this machine's platform: its configuration, and its files in a folder. */
export interface UnpackedImage {
  readonly config: Manifest;
  readonly root: string;
}

export function unpackImage(layout: UnpackedLayout, root: string): UnpackedImage {
  const index = layout.json(layout.entries[0]?.['digest']);
  const manifest = layout.json(at(index, 'manifests', 0, 'digest'));
  mkdirSync(root, { recursive: true });
  for (const layer of asList(manifest['layers']))
    execFileSync('tar', [
      '--extract',
      '--gzip',
      '--no-same-owner',
      '--directory',
      root,
      '--file',
      layout.blob(layer['digest']),
    ]);
  return { config: asManifest(at(layout.json(at(manifest, 'config', 'digest')), 'config')), root };
}

/** Runs the entry point of an image with the loader and the libraries of the image, which takes no right to change the root folder. */
export function processOf({ config, root }: UnpackedImage): ImageProcess {
  const [loader, triplet] =
    process.arch === 'arm64'
      ? ['lib/ld-linux-aarch64.so.1', 'aarch64-linux-gnu']
      : ['lib64/ld-linux-x86-64.so.2', 'x86_64-linux-gnu'];
  const words = strings(config['Entrypoint']).map((word) => (word.startsWith('/') ? join(root, word) : word));
  const libraries = ['--library-path', join(root, 'usr/lib', triplet)];
  const variables = strings(config['Env']).map((text): readonly [string, string] => {
    const [name = '', value = ''] = text.split('=', 2);
    return [name, value];
  });
  // Everything else on the path of the image would be Node.
  const env = Object.fromEntries(variables.filter(([name]) => name !== 'PATH'));
  return { command: [join(root, loader), ...libraries, ...words], cwd: join(root, String(config['WorkingDir'])), env };
}

/** The processor that a file is compiled for, in the words of Go; undefined if it is not compiled. */
export function processorOf(file: Buffer): string | undefined {
  if (file.subarray(0, 4).toString('latin1') !== '\x7fELF') return undefined;
  return { 62: 'amd64', 183: 'arm64' }[file.readUInt16LE(18)] ?? 'another';
}

/** Writes what a build reads into another folder, with the packages of this checkout. */
export function copyCheckout(from: string, to: string): void {
  const paths = [
    'src',
    'packaging',
    'codegen/packages',
    'helm',
    'LICENSE',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    '.npmrc',
  ];
  copyFiles(from, to, paths);
}

/** Writes the files that docker sends to its builder into another folder, with the packages of this checkout. */
export function copyDockerContext(from: string, to: string): void {
  copyFiles(from, to, dockerContext(readFileSync(join(from, '.dockerignore'), 'utf8'), checkoutFiles(from)));
}

function copyFiles(from: string, to: string, paths: readonly string[]): void {
  mkdirSync(to, { recursive: true });
  const archive = join(to, 'checkout.tar');
  execFileSync('tar', ['--create', '--file', archive, '--directory', from, ...paths]);
  execFileSync('tar', ['--extract', '--file', archive, '--directory', to]);
  execFileSync('rm', [archive]);
  execFileSync('ln', ['-s', join(from, 'node_modules'), join(to, 'node_modules')]);
}

/** The SHA-256 of each file below a folder, by its path there. */
export function digests(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  return new Map(
    paths.map((path) => [relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

/** A file with the private key, for the user alone. */
export function keyFile(folder: string, privateKey: string): string {
  const path = join(folder, 'release.pem');
  writeFileSync(path, privateKey, { mode: 0o600 });
  return path;
}

function asList(value: unknown): readonly Manifest[] {
  return Array.isArray(value) ? value.map(asManifest) : [];
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
