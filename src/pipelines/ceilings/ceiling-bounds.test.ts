// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pipelines } from '../pipelines.ts';
import { policyDefinition } from '../policy-definition.fixture.ts';
import { readBackend } from '../read-backend.ts';
import { readPolicy } from '../read-policy.ts';
import { ceilingDefinition, ceilingObject } from './ceiling.fixture.ts';
import { readCeiling } from './read-ceiling.ts';

const KMS_ONLY = { signers: { types: ['KMS'] } };
const team = (name: string) => ({ kind: 'SigningPolicy', namespace: 'team-a', name }) as const;

function metadata(name: string, namespace?: string): object {
  const scope = namespace === undefined ? {} : { namespace };
  return { ...scope, name, uid: name, resourceVersion: '1', generation: 1, creationTimestamp: '2025-01-01T00:00:00Z' };
}

function setBackend(pipelines: Pipelines, spec: object, namespace?: string): void {
  const kind = namespace === undefined ? 'ClusterStorageBackend' : 'StorageBackend';
  const object = { apiVersion: 'hallmark.dev/v1alpha1', kind, metadata: metadata('store', namespace), spec };
  const read = readBackend(object, 'ops');
  assert.ok(read.ok);
  pipelines.setBackend(read.backend);
}

/** Pipelines with a policy `builds` in team-a and a ceiling. */
function given(ceiling: object): Pipelines {
  const pipelines = new Pipelines('ops');
  pipelines.setNamespace({ name: 'team-a', labels: { tier: 'team' } });
  pipelines.setPolicy(policyDefinition('team-a', 'builds'));
  pipelines.setCeiling(ceilingDefinition('teams', ceiling));
  return pipelines;
}

/** The ceilings that a policy exceeds, in its own eyes and in those of its runs and records. */
function exceeded(pipelines: Pipelines, name = 'builds'): readonly (readonly string[])[] {
  const views = [
    pipelines.policy(team(name)),
    pipelines.policyIn('team-a', team(name)),
    pipelines.forNamespace('team-a').find(({ policy }) => policy.name === name)?.policy,
  ];
  return views.map((policy) => policy?.exceeds?.ceilings ?? []);
}

const within = [[], [], []];
const beyond = [['teams'], ['teams'], ['teams']];

describe('the ceilings of a namespace', () => {
  it('bound the policies that were there before, until they are gone', () => {
    const pipelines = given(KMS_ONLY);
    assert.deepEqual(exceeded(pipelines), beyond);
    assert.equal(pipelines.setCeiling(ceilingDefinition('teams', KMS_ONLY)), false);
    pipelines.setCeiling(ceilingDefinition('teams', {}));
    assert.deepEqual(exceeded(pipelines), within);
    pipelines.setCeiling(ceilingDefinition('teams', KMS_ONLY));
    assert.deepEqual(exceeded(pipelines), beyond);
    pipelines.removeCeiling('teams');
    assert.deepEqual(exceeded(pipelines), within);
  });

  it('are those whose selector matches its labels, now', () => {
    const pipelines = given({ ...KMS_ONLY, namespaceSelector: { matchLabels: { tier: 'team' } } });
    assert.deepEqual(exceeded(pipelines), beyond);
    pipelines.setNamespace({ name: 'team-a', labels: {} });
    assert.deepEqual(exceeded(pipelines), within);
  });

  it('are not known before its labels are, so that nothing is allowed', () => {
    const pipelines = given({ namespaceSelector: { matchLabels: { tier: 'other' } } });
    assert.deepEqual(exceeded(pipelines), within);
    pipelines.removeNamespace('team-a');
    assert.deepEqual(exceeded(pipelines), [['*'], ['*'], ['*']]);
  });

  it('bound neither cluster policies nor the backends that these use', () => {
    const pipelines = given({ ...KMS_ONLY, backends: { clusterBackends: [] } });
    setBackend(pipelines, { type: 'Tekton', acceptFrom: ['SigningPolicy'] });
    const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
    const spec = { signer, subjects: { allowedRepositories: ['*'] } };
    const object = {
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'ClusterSigningPolicy',
      metadata: metadata('base'),
      spec,
    };
    const policy = readPolicy(object, 'ops');
    assert.ok(policy !== undefined);
    pipelines.setPolicy(policy);
    const [ofCluster, ofTeam] = pipelines.forNamespace('team-a');
    assert.equal(ofCluster?.policy.exceeds, undefined);
    assert.deepEqual(
      ofCluster?.backends.map(({ exceeds }) => exceeds),
      [undefined],
    );
    assert.deepEqual(ofTeam?.backends, []);
  });

  it('hold for records that were promised a backend before', () => {
    const pipelines = given({ backends: { types: ['OCI'], clusterBackends: [] } });
    setBackend(pipelines, { type: 'Tekton' }, 'team-a');
    setBackend(pipelines, { type: 'Tekton', acceptFrom: ['SigningPolicy'] });
    for (const kind of ['StorageBackend', 'ClusterStorageBackend'] as const) {
      const ref = { kind, name: 'store', uid: 'store' };
      assert.deepEqual(pipelines.promisedBackend(team('builds'), 'team-a', ref)?.exceeds?.ceilings, ['teams'], kind);
    }
  });

  it('take the oldest policies where they bound their number, and the next one when one is deleted', () => {
    const pipelines = given({ counts: { policies: 1 } });
    pipelines.setPolicy({ ...policyDefinition('team-a', 'a-later'), creationTimestamp: '2025-06-01T00:00:00Z' });
    assert.deepEqual([exceeded(pipelines), exceeded(pipelines, 'a-later')], [within, beyond]);
    pipelines.removePolicy(team('builds'));
    assert.deepEqual(exceeded(pipelines, 'a-later'), within);
  });

  it('limit how long the records of its policies are kept, and not those of cluster policies', () => {
    const { bounds } = given({ record: { maxSeconds: 60 } });
    assert.equal(bounds.maxRetentionSeconds('team-a', { kind: 'SigningPolicy' }), 60);
    assert.equal(bounds.maxRetentionSeconds('team-a', { kind: 'ClusterSigningPolicy' }), 0);
    assert.equal(bounds.maxRetentionSeconds('kube-system', { kind: 'SigningPolicy' }), 0);
  });

  it('are counted for their status', () => {
    const pipelines = given({ ...KMS_ONLY, backends: { types: ['OCI'] } });
    setBackend(pipelines, { type: 'Tekton' }, 'team-a');
    pipelines.setNamespace({ name: 'kube-system', labels: {} });
    const counts = { namespaces: 1, policies: 1, exceedingPolicies: 1, backends: 1, exceedingBackends: 1 };
    assert.deepEqual(pipelines.bounds.observed('teams', pipelines.namespaces), counts);
    assert.deepEqual([...pipelines.tenants], ['team-a']);
  });
});

describe('readCeiling', () => {
  it('allows nothing in the namespaces of a ceiling that the schema refuses', () => {
    const namespaceSelector = { matchLabels: { tier: 'team' } };
    const read = readCeiling(ceilingObject('teams', { namespaceSelector, signers: { types: ['PGP'] } }));
    assert.match(read?.invalid ?? '', /spec\.signers\.types\[0\]: must be Key or KMS or Keyless/);
    assert.deepEqual([read?.spec, read?.namespaceSelector, read?.isEverywhere], [undefined, namespaceSelector, false]);
    const pipelines = given({});
    assert.ok(read !== undefined);
    pipelines.setCeiling(read);
    assert.deepEqual(exceeded(pipelines), beyond);
    pipelines.setNamespace({ name: 'team-a', labels: {} });
    assert.deepEqual(exceeded(pipelines), within);
  });

  it('allows nothing under a bound that only another version knows', () => {
    const read = readCeiling(ceilingObject('teams', { signers: { curves: ['P-384'] } }));
    assert.match(read?.invalid ?? '', /spec\.signers\.curves: no such field/);
  });

  it('allows nothing in any namespace where its selector cannot be read either', () => {
    const read = readCeiling(ceilingObject('teams', { namespaceSelector: 'team' }));
    assert.equal(read?.isEverywhere, true);
    const pipelines = given({});
    pipelines.setCeiling(read);
    pipelines.setNamespace({ name: 'team-a', labels: {} });
    assert.deepEqual(exceeded(pipelines), beyond);
  });

  it('leaves out an object without metadata', () => {
    assert.equal(readCeiling({ kind: 'PolicyCeiling', spec: {} }), undefined);
  });
});
