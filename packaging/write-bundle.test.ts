// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Metafile } from 'esbuild';
import { field } from '../src/json/fields.ts';
import { onDemand } from './on-demand.ts';
import { writeBundle } from './write-bundle.ts';

const ROOT = join(import.meta.dirname, '..');
const policy = `apiVersion: hallmark.dev/v1alpha1
kind: SigningPolicy
metadata: {name: builds, namespace: team-a}
spec: {signer: {type: Key, key: {secretRef: {name: k}}}}
`;

describe('the bundle', () => {
  let folder = '';
  let metafile: Metafile;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-bundle-'));
    writeFileSync(join(folder, 'package.json'), readFileSync(join(ROOT, 'package.json')));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    mkdirSync(join(folder, 'dist', 'parts'), { recursive: true });
    writeFileSync(earlierPart(), '');
    metafile = await writeBundle(join(folder, 'dist'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** A part of an earlier build, from other sources. */
  function earlierPart(): string {
    return join(folder, 'dist', 'parts', 'config-EARLIER1.js');
  }

  function run(...args: readonly string[]): { readonly status: number | null; readonly text: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env: {} });
    return { status, text: stdout + stderr };
  }

  it('holds nothing of an earlier one', () => {
    assert.equal(existsSync(earlierPart()), false);
  });

  it('runs the operator', () => {
    writeFileSync(join(folder, 'config.yaml'), 'kind: Other\n');
    const { status, text } = run('dist/main.js', '--config', 'config.yaml');
    assert.equal(status, 1, text);
    assert.match(text, /^hallmark: config\.yaml: .*kind: must be OperatorConfiguration/m);
  });

  it('runs the command, which knows its version', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    assert.deepEqual(run('dist/cli.js', '--version'), { status: 0, text: `${String(field(manifest, 'version'))}\n` });
  });

  it('reads YAML', () => {
    writeFileSync(join(folder, 'policy.yaml'), policy);
    assert.match(run('dist/cli.js', 'lint', 'policy.yaml').text, /^1 hallmark\.dev document checked.* 0 problems/m);
  });

  it('knows the source of each of its files', () => {
    const map: unknown = JSON.parse(readFileSync(join(folder, 'dist', 'cli.js.map'), 'utf8'));
    assert.match(JSON.stringify(field(map, 'sources')), /src\/cli\/main\.ts"/);
  });

  it('holds none of the generated models and API classes of the Kubernetes client', () => {
    const paths = Object.keys(metafile.inputs);
    assert.ok(paths.some((path) => path.includes('/@kubernetes/client-node/dist/config.js')));
    assert.deepEqual(
      paths.filter((path) => /client-node\/dist\/gen\/(models|types|apis\/\w+Api\.js)/.test(path)),
      [],
    );
  });

  it('leaves out what is loaded on demand, and nothing else', () => {
    const outside = Object.values(metafile.inputs)
      .flatMap(({ imports }) => imports)
      .filter(({ external, path, kind }) => external === true && kind !== 'require-call' && !isBuiltin(path))
      .flatMap(({ path }) => /^(?:@[^/]+\/)?[\w-]+/.exec(path) ?? []);
    assert.deepEqual([...new Set(outside)].toSorted(), [...onDemand]);
  });

  it('starts without what is loaded on demand', () => {
    const files = ['main.js', 'cli.js'].flatMap((name) => filesOfStart(metafile, name));
    assert.ok(files.length > 2);
    assert.deepEqual(files.flatMap((path) => metafile.outputs[path]?.imports ?? []).filter(isOnDemand), []);
  });

  it('holds no package in CommonJS of which a source imports names only when it needs them: they would be missing', () => {
    const lost = Object.entries(metafile.inputs).flatMap(([source, { imports }]) =>
      imports
        .filter(({ kind, path }) => kind === 'dynamic-import' && metafile.inputs[path]?.format === 'cjs')
        .filter(({ original = '' }) => source.startsWith('src/') && !takesDefault(source, original))
        .map(({ original }) => `${source}: ${String(original)}`),
    );
    assert.deepEqual(lost, []);
  });
});

/** A file of the bundle, and those that it loads with itself. */
function filesOfStart({ outputs }: Metafile, name: string): readonly string[] {
  const files = new Set(Object.keys(outputs).filter((path) => path.endsWith(`/dist/${name}`)));
  for (const file of files) {
    for (const { kind, path } of outputs[file]?.imports ?? [])
      if (kind !== 'dynamic-import' && outputs[path] !== undefined) files.add(path);
  }
  return [...files];
}

function isOnDemand({ kind, path }: { readonly kind: string; readonly path: string }): boolean {
  return kind !== 'dynamic-import' && onDemand.includes(path);
}

function takesDefault(source: string, name: string): boolean {
  return readFileSync(join(ROOT, source), 'utf8')
    .split('\n')
    .filter((line) => line.includes(`import('${name}')`))
    .every((line) => line.startsWith('const { default: ') || line.startsWith('  const { default: '));
}
