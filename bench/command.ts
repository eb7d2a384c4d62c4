// SPDX-License-Identifier: Apache-2.0
// Measures how fast the packed command starts, how much memory it takes, and how both grow with the runs in a file: `node bench/command.ts
// [--write]`. For comparison, it runs an empty script, and JSON.parse or the YAML package alone on the same file.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { measuredCommand, medianCommand } from './command/measured-command.ts';
import type { MeasuredCommand } from './command/measured-command.ts';
import { benchArguments, publishTable } from './page/publish-table.ts';
import { benchTaskRun } from './provenance-runs.ts';

const TIMES = 5;
/** `node bench/command.ts 5000` measures files of up to 5,000 runs. */
const MOST_RUNS = Number(benchArguments[0] ?? '20000');
const JSON_SIZES = [1000, 5000, 10_000, 20_000].filter((size) => size <= MOST_RUNS);
const YAML_SIZES = [500, 1000, 2000];
const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'hallmark-bench-'));
const file = (name: string): string => join(folder, name);

try {
  const hallmark = packedCommand();
  writeInputs();
  await publishTable({ id: 'command-start', lines: await startLines(hallmark) });
  await publishTable({ id: 'command-runs', lines: await runsLines(hallmark) });
} finally {
  rmSync(folder, { recursive: true });
}

/** Packs the package as it is published, next to the checkout's dependencies. */
function packedCommand(): string {
  const target = file('installed');
  mkdirSync(target);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', target], { cwd: root, stdio: 'pipe' });
  execFileSync('sh', ['-c', 'tar xzf hallmark-*.tgz'], { cwd: target });
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  return join(target, 'package', 'bin', 'hallmark');
}

function writeInputs(): void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(file('key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(file('key.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
  writeFileSync(
    file('policy.yaml'),
    'apiVersion: hallmark.dev/v1alpha1\nkind: SigningPolicy\nmetadata: {name: bench, namespace: bench}\n' +
      'spec: {signer: {type: Key, key: {secretRef: {name: signing-secrets}}}}\n',
  );
  writeFileSync(file('empty.mjs'), '');
  writeFileSync(file('json.mjs'), lineReader('JSON.parse(line)'));
  writeFileSync(
    file('yaml.mjs'),
    "import { readFileSync } from 'node:fs';\nimport { parse } from 'yaml';\n" +
      "for (const text of readFileSync(process.argv[2], 'utf8').split('---\\n')) parse(text, { logLevel: 'silent' });\n",
  );
  symlinkSync(join(root, 'node_modules'), file('node_modules'));
  for (const size of [1, ...JSON_SIZES]) writeRuns(`${size}.json`, size, (run) => `${JSON.stringify(run)}\n`);
  const options = { aliasDuplicateObjects: false };
  for (const size of [1, ...YAML_SIZES]) writeRuns(`${size}.yaml`, size, (run) => `${stringify(run, options)}---\n`);
}

function lineReader(work: string): string {
  return (
    "import { createReadStream } from 'node:fs';\nimport { createInterface } from 'node:readline';\n" +
    `for await (const line of createInterface(createReadStream(process.argv[2]))) ${work};\n`
  );
}

function writeRuns(name: string, size: number, format: (run: object) => string): void {
  const descriptor = openSync(file(name), 'w');
  for (let index = 0; index < size; index++) writeSync(descriptor, format(benchTaskRun(`bake-${index}`)));
  closeSync(descriptor);
}

async function startLines(hallmark: string): Promise<readonly string[]> {
  const policy = ['--policy', file('policy.yaml')];
  const sign = [hallmark, 'sign', '-f', file('1.json'), ...policy, '--key', file('key.pem')];
  writeFileSync(file('bundles.json'), execFileSync(process.execPath, sign));
  const digest = `sha256:${'3'.repeat(64)}`;
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ['an empty script', [file('empty.mjs')]],
    ['`--version`', [hallmark, '--version']],
    ['`lint`, 1 policy', [hallmark, 'lint', file('policy.yaml')]],
    ['`preview`, 1 run in JSON', [hallmark, 'preview', '-f', file('1.json')]],
    ['`preview`, 1 run in YAML', [hallmark, 'preview', '-f', file('1.yaml')]],
    ['`sign`, 1 run in JSON', sign],
    [
      '`verify file`, 2 bundles',
      [hallmark, 'verify', 'file', file('bundles.json'), '--key', file('key.pub'), '--digest', digest],
    ],
  ];
  const rows: string[] = [];
  for (const [name, words] of commands)
    rows.push(`| ${name} | ${figures(await medianCommand(words, TIMES)).join(' | ')} |`);
  return ['| command | s | CPU s | peak MiB |', '| --- | ---: | ---: | ---: |', ...rows];
}

async function runsLines(hallmark: string): Promise<readonly string[]> {
  const signing = ['--policy', file('policy.yaml'), '--key', file('key.pem')];
  const rows = [
    ...(await runsRows('`preview`, JSON', JSON_SIZES, (path) => [hallmark, 'preview', '-f', path])),
    ...(await runsRows('`sign`, JSON', JSON_SIZES, (path) => [hallmark, 'sign', '-f', path, ...signing])),
    ...(await runsRows('`preview`, YAML', YAML_SIZES, (path) => [hallmark, 'preview', '-f', path])),
  ];
  return [
    '| command | runs | s | CPU s | CPU ms each | peak MiB | parser alone: CPU s |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ];
}

async function runsRows(
  name: string,
  sizes: readonly number[],
  command: (path: string) => readonly string[],
): Promise<readonly string[]> {
  const form = sizes === YAML_SIZES ? 'yaml' : 'json';
  const rows: string[] = [];
  for (const size of sizes) {
    const path = file(`${size}.${form}`);
    const parser = await measuredCommand([file(`${form}.mjs`), path]);
    rows.push(runsRow(name, size, await measuredCommand(command(path)), parser));
  }
  return rows;
}

function runsRow(name: string, size: number, measured: MeasuredCommand, parser: MeasuredCommand): string {
  const [wall, cpu, peak] = figures(measured);
  const each = ((measured.cpuSeconds / size) * 1000).toFixed(2);
  return `| ${name} | ${size} | ${wall} | ${cpu} | ${each} | ${peak} | ${parser.cpuSeconds.toFixed(2)} |`;
}

function figures({ wallSeconds, cpuSeconds, peakMiB }: MeasuredCommand): readonly string[] {
  return [wallSeconds.toFixed(2), cpuSeconds.toFixed(2), peakMiB.toFixed(0)];
}
