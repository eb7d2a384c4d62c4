// SPDX-License-Identifier: Apache-2.0
// Checks the chart: `node codegen/chart/lint-chart.ts`. helm renders it again only when the chart, the values to try or helm has changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from '../../e2e/testbed/binaries/ensure-binary.ts';
import { gateCache, PassedKeys } from '../verify/passed-keys.ts';
import { forbiddenConstructs } from './forbidden-constructs.ts';
import { unusedValues } from './unused-values.ts';
import { oldestKubernetes, setArguments, valueSets } from './value-sets.ts';
import { valueTree } from './value-tree.ts';
import { values } from './values.ts';

const root = join(import.meta.dirname, '..', '..');
const chart = join(root, 'helm', 'hallmark');

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

/** Hash everything that the answers of helm depend on. The path of a binary of the testbed names its version and its recipe. */
function helmKey(helm: string): string {
  const files = readdirSync(chart, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(chart, path)).isFile(),
  );
  const digest = createHash('sha256');
  for (const part of [
    ...[helm, JSON.stringify([valueSets, oldestKubernetes]), readFileSync(import.meta.filename)],
    ...files.sort().flatMap((path) => [path, readFileSync(join(chart, path))]),
  ])
    digest.update(`${part.length}:`).update(part);
  return digest.digest('hex');
}

/** Run helm lint and helm template for every value set, unless all passed before. */
async function helmFaults(): Promise<readonly string[]> {
  const helm = await ensureBinary('helm');
  const passed = new PassedKeys(join(gateCache(root), 'chart'));
  const key = helmKey(helm);
  if (passed.has(key)) return [];
  const faults = renderingFaults(helm);
  if (faults.length === 0) passed.add([key]);
  return faults;
}

/** Run helm with the chart, without a cluster. */
function renderingFaults(helm: string): readonly string[] {
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
