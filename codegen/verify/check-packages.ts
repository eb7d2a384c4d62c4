// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { licenceFaults, statedLicence } from '../packages/licences.ts';
import { productionPackages } from '../packages/production-packages.ts';

const root = join(import.meta.dirname, '..', '..');

function json(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

const lock = json('package-lock.json');
const packages = productionPackages(lock);
const isInstalled = (path: string): boolean => existsSync(join(root, path, 'package.json'));
const faults = licenceFaults(
  // A package for another platform is not installed here; the lock file notes its licence.
  packages.map(({ path, name, version, licence }) => ({
    ...{ name, version, licence: isInstalled(path) ? statedLicence(json(join(path, 'package.json'))) : licence },
  })),
);
console.log(
  `${packages.length} packages of production, ${packages.filter(({ path }) => isInstalled(path)).length} of them for this platform`,
);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
