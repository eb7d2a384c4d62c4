// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  backend,
  ceiling,
  clusterBackend,
  clusterPolicy,
  policy,
  recordCase,
  recordSpec,
} from '../../src/api/v1alpha1/cases/case-objects.fixture.ts';
import { setConditions } from '../../src/api/v1alpha1/condition.ts';
import { pages } from '../../codegen/crds/pages/all.ts';
import { installedCrds, type ApiUnderTest } from './installed-crds.ts';

const message = 'Secret team-a/signing-secrets does not exist: make it with x509.pem';
const conditions = setConditions(
  undefined,
  [
    { type: 'Ready', status: 'False', observedGeneration: 1, reason: 'KeyNotFound', message },
    { type: 'Signed', status: 'True', observedGeneration: 1, reason: 'Signed', message: '' },
  ],
  new Date('2026-01-31T12:00:00Z'),
);

/** Rows of a table of kubectl, split where two blanks or more stand. */
function rows(stdout: string): readonly (readonly string[])[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
}

describe('kubectl', () => {
  let api: ApiUnderTest;
  const get = async (...args: readonly string[]) => rows((await api.plane.kubectl(['get', ...args])).stdout);

  before(async () => {
    api = await installedCrds('api-kubectl');
    const failed = { ...recordSpec, runRef: { ...recordSpec.runRef, name: 'bake-2', uid: 'u2' }, outcome: 'Failed' };
    const objects = [
      recordCase({}),
      recordCase({ metadata: { name: 'other', namespace: 'default' }, spec: failed }),
      policy({}),
      clusterPolicy({ subjects: { allowedRepositories: ['*'] } }),
      backend({ type: 'Tekton' }),
      clusterBackend({ type: 'Tekton' }),
      ceiling({}),
    ];
    await api.plane.kubectl(['create', '-f', '-'], {
      stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
    });
    const statuses = [
      ['pvr', { conditions, stored: '2/3', reason: 'KeyNotFound', message }],
      ['sp', { conditions }],
      ['csp', { conditions }],
      ['sb', { conditions }],
      ['csb', { conditions }],
      [
        'pcl',
        {
          conditions,
          observed: { namespaces: 200, policies: 1, exceedingPolicies: 0, backends: 1, exceedingBackends: 0 },
        },
      ],
    ] as const;
    for (const [resource, status] of statuses) {
      await api.plane.kubectl([
        'patch',
        resource,
        'case',
        '--subresource=status',
        '--type=merge',
        '-p',
        JSON.stringify({ status }),
      ]);
    }
  });
  after(() => api.stop());

  it('shows a record in one line', async () => {
    const [head, line] = await get('pvr', 'case');
    assert.deepEqual(head, [
      'NAME',
      'RUN',
      'KIND',
      'POLICY',
      'SUBJECTS',
      'SIGNED',
      'STORED',
      'WARNINGS',
      'REASON',
      'AGE',
    ]);
    assert.deepEqual(line?.slice(0, -1), ['case', 'bake-1', 'TaskRun', 'builds', 'True', '2/3', 'KeyNotFound']);
  });

  for (const [resource, third] of [
    ['sp', 'SIGNER'],
    ['csp', 'SIGNER'],
    ['sb', 'TYPE'],
    ['csb', 'TYPE'],
    ['pcl', 'NAMESPACES'],
  ] as const) {
    it(`shows whether ${resource} is ready, and why not`, async () => {
      const [head, line] = await get(resource, 'case');
      assert.deepEqual(head?.slice(0, 4), ['NAME', 'READY', 'REASON', third]);
      assert.deepEqual(line?.slice(0, 3), ['case', 'False', 'KeyNotFound']);
    });
  }

  it('adds the message with -o wide', async () => {
    for (const resource of ['pvr', 'sp', 'csp', 'sb', 'csb', 'pcl']) {
      const [head, line] = await get(resource, 'case', '-o', 'wide');
      assert.ok(head?.includes('MESSAGE'), resource);
      assert.ok(line?.includes(message), resource);
    }
  });

  it('waits for a condition', async () => {
    await api.plane.kubectl(['wait', '--for=condition=Signed', '--timeout=100s', 'pvr/case']);
  });

  it('finds the kinds by category and by full name', async () => {
    const listed = (await api.plane.kubectl(['get', 'hallmark', '-o', 'name'])).stdout;
    for (const plural of [
      'provenancerecord',
      'signingpolicy',
      'clustersigningpolicy',
      'storagebackend',
      'clusterstoragebackend',
      'policyceiling',
    ]) {
      assert.match(listed, new RegExp(`^${plural}\\.hallmark\\.dev/case$`, 'm'));
    }
  });

  const selectors = {
    'spec.runRef.kind=TaskRun': 2,
    'spec.runRef.name=bake-2': 1,
    'spec.runRef.uid=u2': 1,
    'spec.policyRef.kind=ClusterSigningPolicy': 0,
    'spec.policyRef.name=builds': 2,
    'spec.outcome=Failed': 1,
    'status.reason=KeyNotFound': 1,
  };
  for (const [selector, count] of Object.entries(selectors)) {
    it(`selects records by ${selector}`, async () => {
      const { stdout } = await api.plane.kubectl(['get', 'pvr', '-o', 'name', '--field-selector', selector]);
      assert.equal(stdout.split('\n').filter((line) => line !== '').length, count);
    });
  }

  it('selects by every field that the documentation names', () => {
    const documented = pages.flatMap(({ selectableFields }) => selectableFields.map((path) => path.slice(1)));
    assert.deepEqual(
      Object.keys(selectors).map((selector) => selector.split('=')[0]),
      documented,
    );
  });

  it('explains a field with its default', async () => {
    const { stdout } = await api.plane.kubectl(['explain', 'sp.spec.attestation.format']);
    assert.match(stdout, /Defaults\s+to\s+slsa\/v2alpha4/);
  });
});
