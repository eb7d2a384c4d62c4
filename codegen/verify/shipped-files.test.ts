// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { field, isObject } from '../../src/json/fields.ts';
import { checkoutFiles } from './checkout-files.ts';
import { dockerContext } from './docker-context.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const isForTests = (path: string): boolean =>
  /\.(test|contract|fixture)\.[jt]s$|^(src\/simulation|testdata|e2e|bench|codegen)\//.test(path);

const image = dockerContext(read('.dockerignore'), checkoutFiles(root));

/** The sources that the image is built from, those that pack it included. */
const context = image.filter((path) => path.endsWith('.ts'));
const sources = context.filter((path) => path.startsWith('src/'));

/** The modules that a source imports, for their types or at run time. */
function imports(path: string): readonly string[] {
  const patterns = [
    /^(?:import|export)\s[^;]*?\bfrom\s+'([^']+)';/gm,
    /^import '([^']+)';/gm,
    /\bimport\('([^']+)'\)/g,
    /\bcreateRequire\(import\.meta\.url\)\('([^']+)'\)/g,
  ];
  return patterns.flatMap((pattern) => [...read(path).matchAll(pattern)].map(([, name = '']) => name));
}

describe('the image', () => {
  it('holds sources, the manifests of the package and what packs it, no test and no test data', () => {
    assert.ok(sources.length > 200);
    const others = image.filter((path) => !sources.includes(path));
    const manifests = ['.npmrc', 'LICENSE', 'package-lock.json', 'package.json'];
    const packager = ['application.ts', 'image/application-files.ts', 'on-demand.ts', 'write-bundle.ts'];
    const builder = ['codegen/packages/production-packages.ts', ...packager.map((path) => `packaging/${path}`)];
    assert.deepEqual(others.toSorted(), [...manifests, ...builder, 'tsconfig.json'].toSorted());
    assert.deepEqual(sources.filter(isForTests), []);
  });

  it('holds every file that its sources import', () => {
    const held = new Set(image);
    for (const path of context) {
      const targets = imports(path)
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(path), name)));
      for (const target of targets) assert.ok(held.has(target), `${path} imports ${target}`);
    }
  });
});

describe('the npm package', () => {
  it('adds the command, the CRDs and the documents, no test and no test data', () => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const packed = [...output.matchAll(/"path": "([^"]+)"/g)].map(([, path = '']) => path);
    assert.ok(packed.includes('bin/hallmark'));
    assert.deepEqual(
      packed.filter((path) => !/^(dist|bin|crds)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path)),
      [],
    );
    assert.deepEqual(packed.map((path) => path.replace(/^dist\//, '')).filter(isForTests), []);
  });
});

describe('the production dependencies', () => {
  /** `mongodb` loads this one itself, as its optional peer. */
  const loadedByOthers = ['socks'];

  it('are the packages that the sources of the image import', () => {
    const manifest: unknown = JSON.parse(read('package.json'));
    const packages = sources
      .flatMap((path) => imports(path))
      .filter((name) => !/^\.|^node:/.test(name))
      .map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    const dependencies = field(manifest, 'dependencies');
    assert.ok(isObject(dependencies));
    assert.deepEqual(Object.keys(dependencies).toSorted(), [...new Set([...packages, ...loadedByOthers])].toSorted());
  });
});
