// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { oldestKubernetes, setArguments } from '../../codegen/chart/value-sets.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand, type CommandOutput } from '../testbed/processes/run-command.ts';

export const chart = join(import.meta.dirname, '..', '..', 'helm', 'hallmark');

/** The namespace that every test installs into. */
export const releaseNamespace = 'hallmark-system';

export type Manifest = Readonly<Record<string, unknown>>;

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; throws when it is none. */
export function asManifest(value: unknown): Manifest {
  if (!isManifest(value)) throw new Error(`not an object: ${JSON.stringify(value)}`);
  return value;
}

/** Runs the testbed's helm with an environment of its own. Throws CommandFailed unless it ends with 0. */
export async function helm(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandOutput> {
  return runCommand(await ensureBinary('helm'), args, { env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...env } });
}

/** The output of `helm template` with these values (`path=json` entries), as text. */
export async function render(entries: readonly string[] = []): Promise<string> {
  const args = ['template', 'hallmark', chart, '--namespace', releaseNamespace, ...oldestKubernetes];
  return (await helm([...args, ...setArguments(entries)])).stdout;
}

const parsed = new Map<string, Promise<readonly Manifest[]>>();

/** The same, parsed, and made once for the same values; throws on a document that is not YAML. */
export function manifests(entries: readonly string[] = []): Promise<readonly Manifest[]> {
  const key = JSON.stringify(entries);
  const made = parsed.get(key) ?? renderedManifests(entries);
  parsed.set(key, made);
  return made;
}

async function renderedManifests(entries: readonly string[]): Promise<readonly Manifest[]> {
  const documents = parseAllDocuments(await render(entries), { uniqueKeys: true });
  return documents.flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const value: unknown = document.toJS();
    return isManifest(value) ? [value] : [];
  });
}

/** The value at a path of keys and indexes of a manifest; `undefined` where it ends. */
export function at(manifest: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined;
    return isManifest(value) ? value[key] : undefined;
  }, manifest);
}

/** The list at such a path; empty where there is none. */
export function listAt(manifest: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const list = at(manifest, ...path);
  return Array.isArray(list) ? list : [];
}

/** `Kind/name` or `Kind/namespace/name` of a manifest. */
export function titleOf(manifest: Manifest): string {
  const parts = [manifest['kind'], at(manifest, 'metadata', 'namespace'), at(manifest, 'metadata', 'name')];
  return parts.filter((part) => typeof part === 'string').join('/');
}
