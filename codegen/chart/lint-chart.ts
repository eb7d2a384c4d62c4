// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from '../../e2e/testbed/binaries/ensure-binary.ts';
import { forbiddenConstructs } from './forbidden-constructs.ts';
import { unusedValues } from './unused-values.ts';
import { oldestKubernetes, setArguments, valueSets } from './value-sets.ts';
import { valueTree } from './value-tree.ts';
import { values } from './values.ts';

const chart = join(import.meta.dirname, '..', '..', 'helm', 'hallmark');

function templates(): ReadonlyMap<string, string> {
  const folder = join(chart, 'templates');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.(yaml|tpl|txt)$/.test(path),
  );
  return new Map(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

function staticFaults(): readonly string[] {
  const texts = templates();
  const forbidden = [...texts].flatMap(([path, text]) =>
    forbiddenConstructs(text).map((construct) => `${path}: ${construct}`),
  );
  const unused = unusedValues(valueTree(values), [...texts.values()].join('\n'));
  return [...forbidden, ...unused.map((path) => `values.yaml: no template reads ${path}`)];
}

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'stderr' in error && 'stdout' in error) {
    return `${String(error.stdout)}${String(error.stderr)}`.trim();
  }
  return String(error);
}

/** Run helm lint and helm template for every value set, with the helm of the testbed and without a cluster. */
async function helmFaults(): Promise<readonly string[]> {
  const helm = await ensureBinary('helm');
  const faults: string[] = [];
  for (const [name, entries] of Object.entries(valueSets)) {
    for (const command of [
      ['lint', '--strict', chart],
      ['template', 'hallmark', chart, '--namespace', 'hallmark-system'],
    ]) {
      try {
        execFileSync(helm, [...command, ...oldestKubernetes, ...setArguments(entries)], { stdio: 'pipe' });
      } catch (error) {
        faults.push(`helm ${command[0] ?? ''}, ${name}: ${messageOf(error)}`);
      }
    }
  }
  return faults;
}

/** Print one line per fault and exit 1 if there is one. */
async function main(): Promise<void> {
  const faults = [...staticFaults(), ...(await helmFaults())];
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}

await main();
