// SPDX-License-Identifier: Apache-2.0
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testOnlyNames } from './test-only-names.ts';

const root = join(import.meta.dirname, '..', '..');
/** The simulation is for tests alone. */
const isTest = (path: string): boolean => /\.(test|fixture|contract)\.ts$|^src\/simulation\//.test(path);

/** Names that stay although only tests use them in our own code. */
const allowed = [
  // Called by Amazon's SDK.
  'handle',
  'updateHttpClientConfig',
  'httpHandlerConfigs',
  // Set by commander.
  'registryCa',
  'allowInsecureRegistry',
  'certificateOidcIssuer',
  // A world that tests choose: servers, files and connections.
  'authorityTls',
  'fromText',
  'hostsFile',
  'resolvConf',
  'servers',
  // Limits that tests reach sooner.
  'lookMs',
  'maxFrameBytes',
  'maxSecrets',
  'secretAgeMs',
  'stallMs',
  // Bounds that tests read, and work behind the scenes that they wait for.
  'flush',
  'keptAnswers',
];

const paths = globSync(['src/**/*.ts', 'codegen/**/*.ts', 'bench/**/*.ts', 'packaging/**/*.ts'], { cwd: root }).filter(
  (path) => !isTest(path),
);
const files = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
const faults = testOnlyNames(files, new Set(allowed));
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
