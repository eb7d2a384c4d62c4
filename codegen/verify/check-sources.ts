// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutFiles } from './checkout-files.ts';
import { type Checkout, pageFaults } from './page-faults.ts';
import { registryCommands } from './registry-commands.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { unlistedPages } from '../site/site-pages.ts';
import { sourceFaults } from './source-rules.ts';
import { undescribedFolders } from './undescribed-folders.ts';
import { unknownScripts } from './unknown-scripts.ts';

const root = join(import.meta.dirname, '..', '..');

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const checkout: Checkout = { has: (path) => existsSync(join(root, path)), page: read };

const isTestOfCommands = (path: string): boolean => path === 'codegen/verify/registry-commands.test.ts';

const scripts = new Set(Object.keys(packageJson.scripts));

const listed = checkoutFiles(root);
const faults = [
  ...listed.filter((path) => /\.(ts|go|json)$/.test(path)).flatMap((path) => sourceFaults(path, read(path))),
  ...undescribedFolders(listed),
  ...unlistedPages(listed, read),
  ...listed
    .filter((path) => !isTestOfCommands(path))
    .flatMap((path) => registryCommands(read(path)).map((command) => `${path}: write bin/hallmark, not: ${command}`)),
  ...listed
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => [
      ...pageFaults(path, checkout),
      ...unknownScripts(read(path), scripts).map((script) => `${path}: package.json has no script "${script}"`),
    ]),
];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
