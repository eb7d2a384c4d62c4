// SPDX-License-Identifier: Apache-2.0
// `npm run bench [-- NAME…] [--write]`: runs the measurements one after the other, so that they do not disturb each other. With --write, each
// replaces its tables in docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const measurements: Readonly<Record<string, string>> = {
  provenance: 'provenance.ts',
  operator: 'operator.ts',
  memory: 'memory.ts',
  start: 'start.ts',
  tenants: 'tenants.ts',
  replicas: 'replicas.ts',
  chains: 'chains.ts',
  storage: 'storage.ts',
  signing: 'signing.ts',
  command: 'command.ts',
};

const words = process.argv.slice(2);
const asked = words.filter((word) => word !== '--write');
const options = words.filter((word) => word === '--write');
const unknown = asked.filter((name) => !Object.hasOwn(measurements, name));
if (unknown.length > 0) {
  process.stderr.write(`usage: npm run bench [-- ${Object.keys(measurements).join('|')} … --write]\n`);
  process.exitCode = 2;
} else {
  for (const [name, file] of Object.entries(measurements)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    console.log(`==> ${name}`);
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, file), ...options], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}
