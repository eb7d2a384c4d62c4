// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ImportGraph } from '../../codegen/verify/import-graph.ts';
import { catalog } from '../testbed/binaries/catalog.ts';
import { endToEndBuilds, endToEndOrder } from './end-to-end-order.ts';

const root = join(import.meta.dirname, '..', '..');
const folders = ['HALLMARK_TESTBED_BIN', 'KUBEBUILDER_ASSETS', 'XDG_CACHE_HOME'] as const;

describe('the order of the end-to-end files of this checkout, when no server is built', () => {
  const given = Object.fromEntries(folders.map((name) => [name, process.env[name]]));
  let empty = '';
  let builds: readonly string[] = [];
  let order: readonly string[] = [];

  before(() => {
    empty = mkdtempSync(join(tmpdir(), 'hallmark-order-'));
    for (const name of folders) process.env[name] = empty;
    const graph = ImportGraph.read(root, ['src', 'e2e']);
    const files = globSync('e2e/**/*.test.ts', { cwd: root }).filter((file) => !file.startsWith('e2e/suite/'));
    // All take the same time, so that the order rests on their needs alone, and not on what was measured.
    const expected = new Map(files.map((file) => [file, 30]));
    builds = endToEndBuilds(files, { graph, expected });
    order = endToEndOrder(files, { graph, expected, seed: undefined });
  });
  after(() => {
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    rmSync(empty, { recursive: true });
  });

  const isInOrder = (...files: readonly string[]): void => {
    const places = files.map((file) => order.indexOf(file));
    assert.ok(!places.includes(-1), `${files.join()} are all there`);
    assert.deepEqual(
      places.toSorted((one, other) => one - other),
      places,
    );
  };

  it('builds everything that tests use, first what a control plane is', () => {
    assert.deepEqual(builds.slice(0, 2), ['etcd', 'kubernetes']);
    assert.deepEqual(builds.toSorted(), catalog.map(({ name }) => name).toSorted());
  });

  it('builds last what takes minutes and serves few files: GitOps, admission controllers, and Tekton Chains at the end', () => {
    assert.deepEqual(builds.slice(-5, -1).toSorted(), ['argocd', 'flux', 'kyverno', 'policy-controller']);
    assert.equal(builds.at(-1), 'chains');
  });

  it('begins with files that need no server, and goes on with those that need a control plane alone', () => {
    isInOrder(
      'e2e/testbed/processes/supervisor.test.ts',
      'e2e/kube/list-watch.test.ts',
      'e2e/storage/oci-tags.test.ts',
      'e2e/main-job/policies.test.ts',
    );
  });

  it('leaves a file for later that needs a server of its own', () => {
    isInOrder('e2e/main-job/policies.test.ts', 'e2e/storage/kafka.test.ts');
    isInOrder('e2e/main-job/policies.test.ts', 'e2e/verify/verifiers.test.ts');
  });

  it('leaves a file for later whose module builds one of several servers that it names', () => {
    isInOrder('e2e/storage/kafka.test.ts', 'e2e/gitops/health.test.ts');
  });
});
