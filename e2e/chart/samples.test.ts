// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { isKindName, kinds } from '../../src/api/v1alpha1/kinds.ts';
import { untilEstablished } from '../testbed/control-plane/until-established.ts';
import { ChartCluster } from './chart-cluster.ts';
import { asManifest, titleOf, type Manifest } from './helm.ts';

const samples = join(import.meta.dirname, '..', '..', 'samples');

/** The folders of the samples, in the order in which samples/README.md applies them. */
const folders = readdirSync(samples, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => join(entry.parentPath, entry.name))
  .toSorted();

const yamlFiles = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name)),
);

function documents(path: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document): Manifest => asManifest(document.toJS()));
}

describe('the samples', () => {
  let cluster: ChartCluster;
  before(async () => {
    cluster = await ChartCluster.start('samples', { tekton: true });
    await cluster.install();
    await untilEstablished((args) => cluster.kubectl(args), ['crd', '--all']);
  });
  after(() => cluster.stop());

  it('cover every kind that users write', () => {
    const shown = new Set(yamlFiles.flatMap(documents).map(({ kind }) => kind));
    for (const kind of Object.keys(kinds).filter((name) => name !== 'ProvenanceRecord'))
      assert.ok(shown.has(kind), kind);
    for (const kind of ['Task', 'TaskRun', 'Pipeline', 'PipelineRun']) assert.ok(shown.has(kind), kind);
  });

  for (const folder of folders) {
    const name = folder.slice(samples.length + 1);
    it(`${name}/ is applied as a folder, without an unknown field`, async () => {
      const { stdout, stderr } = await cluster.kubectl(['apply', '--validate=strict', '-f', folder]);
      assert.equal(stderr, '', 'no warning');
      const expected = yamlFiles.filter((path) => join(path, '..') === folder).flatMap(documents);
      assert.ok(expected.length > 0);
      assert.equal(stdout.trim().split('\n').length, expected.length, stdout);
    });
  }

  it('hold no private key and no Secret at all', () => {
    for (const path of yamlFiles) {
      assert.doesNotMatch(readFileSync(path, 'utf8'), /PRIVATE KEY/, path);
      for (const manifest of documents(path)) assert.notEqual(manifest['kind'], 'Secret', path);
    }
  });

  it('name only backends, tasks and accounts that are among them', () => {
    const all = yamlFiles.flatMap(documents);
    const titles = new Set(all.map(titleOf));
    const policies = all.filter(({ kind }) => isKindName(kind) && kind.endsWith('SigningPolicy'));
    assert.ok(policies.length >= 3);
    for (const manifest of policies) {
      const refs = asManifest(manifest['spec'])['backendRefs'];
      for (const ref of Array.isArray(refs) ? refs.map(asManifest) : []) {
        const metadata = asManifest(manifest['metadata']);
        const title = titleOf({ kind: ref['kind'], metadata: { name: ref['name'], namespace: metadata['namespace'] } });
        assert.ok(titles.has(title), `${titleOf(manifest)} names ${title}`);
      }
    }
  });

  it('are all in force', async () => {
    for (const manifest of yamlFiles.flatMap(documents)) {
      const metadata = asManifest(manifest['metadata']);
      const namespace = typeof metadata['namespace'] === 'string' ? ['-n', metadata['namespace']] : [];
      const found = await cluster.json(['get', String(manifest['kind']), String(metadata['name']), ...namespace]);
      assert.equal(titleOf(asManifest(found)), titleOf(manifest));
    }
  });
});
