// SPDX-License-Identifier: Apache-2.0
import { field, isObject, objectField, stringField } from '../../src/json/fields.ts';

/** A package that the image can hold. */
export interface ProductionPackage {
  /** `node_modules/a/node_modules/b` */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** The licence that the lock file notes. */
  readonly licence: string | undefined;
  /** It holds compiled code, for some processors alone. */
  readonly isCompiled: boolean;
}

/** The packages of a package-lock.json that production needs, those for other platforms included. */
export function productionPackages(lock: unknown): readonly ProductionPackage[] {
  return Object.entries(objectField(lock, 'packages'))
    .filter(([path, entry]) => path !== '' && field(entry, 'dev') !== true)
    .map(([path, entry]) => ({
      path,
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: stringField(entry, 'version') ?? '',
      licence: stringField(entry, 'license'),
      isCompiled: field(entry, 'cpu') !== undefined,
    }));
}

/** A package.json and its lock without what only development needs. */
export function withoutDevelopment({ manifest, lock }: { readonly manifest: unknown; readonly lock: unknown }) {
  const packages = Object.entries(objectField(lock, 'packages'))
    .filter(([, entry]) => field(entry, 'dev') !== true)
    .map(([path, entry]) => [path, path === '' ? withoutDevDependencies(entry) : entry] as const);
  return {
    manifest: withoutDevDependencies(manifest),
    lock: { ...asObject(lock), packages: Object.fromEntries(packages) },
  };
}

function withoutDevDependencies(manifest: unknown): object {
  const entries = Object.entries(asObject(manifest));
  return Object.fromEntries(entries.filter(([name]) => name !== 'devDependencies'));
}

function asObject(value: unknown): object {
  return isObject(value) ? value : {};
}
