// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { oldestKubernetes as chartFlag } from '../../../codegen/chart/value-sets.ts';
import { oldestKubernetes, recipeOf } from './catalog.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');

describe('the oldest Kubernetes', () => {
  it('of the tests is the one that the chart admits, and that it is linted for', () => {
    const chart = readFileSync(join(checkout, 'helm', 'hallmark', 'Chart.yaml'), 'utf8');
    assert.equal(/^kubeVersion: '>=(\d+\.\d+\.\d+)-0'$/m.exec(chart)?.[1], oldestKubernetes.version);
    assert.equal(chartFlag.at(-1), oldestKubernetes.version);
  });

  it('is what its module builds', () => {
    const module = readFileSync(join(import.meta.dirname, '..', 'servers', oldestKubernetes.name, 'go.mod'), 'utf8');
    assert.match(module, new RegExp(`^\\tk8s\\.io/kubernetes v${oldestKubernetes.version}$`, 'm'));
  });
});

describe('kubectl and the API server', () => {
  it('are of one version, which their modules build', () => {
    const { version } = recipeOf('kube-apiserver');
    assert.equal(recipeOf('kubectl').version, version);
    const module = (name: string): string =>
      readFileSync(join(import.meta.dirname, '..', 'servers', name, 'go.mod'), 'utf8');
    assert.match(module('kubernetes'), new RegExp(`^\\tk8s\\.io/kubernetes v${version}$`, 'm'));
    assert.match(module('kubectl'), new RegExp(`^\\tk8s\\.io/kubectl v${version.replace('1.', '0.')}$`, 'm'));
  });
});
