// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../api/v1alpha1/kinds.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompiledBackend, PolicyDefinition } from './definitions.ts';
import { Pipelines } from './pipelines.ts';
import { readBackend } from './read-backend.ts';
import { readPolicy } from './read-policy.ts';

const OPERATOR = 'hallmark-system';
let uids = 0;

function metadata(namespace: string, name: string): object {
  uids += 1;
  const scope = namespace === '' ? {} : { namespace };
  return {
    ...scope,
    name,
    uid: `uid-${uids}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2025-01-01T00:00:00Z',
  };
}

function policy(namespace: string, name: string, spec: object = {}): PolicyDefinition {
  const kind = namespace === '' ? 'ClusterSigningPolicy' : 'SigningPolicy';
  const subjects = namespace === '' ? { subjects: { allowedRepositories: ['*'] } } : {};
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
  const object = {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind,
    metadata: metadata(namespace, name),
    spec: { signer, ...subjects, ...spec },
  };
  const read = readPolicy(object, OPERATOR);
  assert.ok(read !== undefined);
  return read;
}

function backend(namespace: string, name: string, spec: object = {}): CompiledBackend {
  const kind: BackendKind = namespace === '' ? 'ClusterStorageBackend' : 'StorageBackend';
  const object = {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind,
    metadata: metadata(namespace, name),
    spec: { type: 'Tekton', ...spec },
  };
  const read = readBackend(object, OPERATOR);
  assert.ok(read.ok, read.ok ? '' : read.message);
  return read.backend;
}

/** `policy → backends (missing)` of each pipeline of a namespace. */
function compiled(pipelines: Pipelines, namespace: string): string[] {
  return pipelines
    .forNamespace(namespace)
    .map(
      ({ policy: of, backends, missing }) =>
        `${of.name} → ${backends.map(({ name }) => name).join(' ')} (${missing.map(({ name }) => name).join(' ')})`,
    );
}

describe('Pipelines.promisedBackend', () => {
  const team = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;
  const platform = { kind: 'ClusterSigningPolicy', namespace: '', name: 'baseline' } as const;
  const clusterRef = { kind: 'ClusterStorageBackend', name: 'vault' } as const;

  it("never gives a team's record a cluster backend, nor a cluster record a team's", () => {
    const pipelines = new Pipelines(OPERATOR);
    pipelines.setBackend(backend('', 'vault'));
    pipelines.setBackend(backend('team-a', 'vault'));
    assert.equal(pipelines.promisedBackend(team, 'team-a', clusterRef), undefined);
    const own = { kind: 'StorageBackend', name: 'vault' } as const;
    assert.equal(pipelines.promisedBackend(platform, 'team-a', own), undefined);
    assert.equal(pipelines.promisedBackend(team, 'team-a', own)?.namespace, 'team-a');
    assert.equal(pipelines.promisedBackend(team, 'team-b', own), undefined);
  });

  it('returns a backend that was missing only where its namespaceSelector now reaches', () => {
    const pipelines = new Pipelines(OPERATOR);
    const vault = backend('', 'vault', { namespaceSelector: { matchLabels: { tier: 'prod' } } });
    pipelines.setBackend(vault);
    assert.equal(pipelines.promisedBackend(platform, 'team-a', clusterRef), undefined);
    assert.equal(pipelines.promisedBackend(platform, 'team-a', { ...clusterRef, uid: vault.uid })?.name, 'vault');
    pipelines.setNamespace({ name: 'team-a', labels: { tier: 'prod' } });
    assert.equal(pipelines.promisedBackend(platform, 'team-a', clusterRef)?.name, 'vault');
  });

  it('returns a recreated backend only where it can be reached', () => {
    const pipelines = new Pipelines(OPERATOR);
    const before = backend('', 'vault', { acceptFrom: ['SigningPolicy'] });
    const frozen = { ...clusterRef, uid: before.uid };
    pipelines.setBackend(before);
    assert.equal(pipelines.promisedBackend(team, 'team-a', frozen)?.uid, before.uid);
    pipelines.setBackend({ ...backend('', 'vault'), uid: 'made anew' });
    assert.equal(pipelines.promisedBackend(team, 'team-a', frozen), undefined);
    pipelines.setBackend({ ...before, uid: 'made anew' });
    assert.equal(pipelines.promisedBackend(team, 'team-a', frozen)?.uid, 'made anew');
  });
});

describe('Pipelines', () => {
  it("gives a team's policy the backends of its own namespace and no others", () => {
    const pipelines = new Pipelines(OPERATOR);
    pipelines.setPolicy(policy('team-a', 'builds'));
    pipelines.setBackend(backend('team-a', 'b2'));
    pipelines.setBackend(backend('team-a', 'b1'));
    pipelines.setBackend(backend('team-b', 'other'));
    pipelines.setBackend(backend('', 'cluster'));
    assert.deepEqual(compiled(pipelines, 'team-a'), ['builds → b1 b2 ()']);
    assert.deepEqual(compiled(pipelines, 'team-b'), []);
  });

  it('narrows to backendRefs and names the missing ones', () => {
    const pipelines = new Pipelines(OPERATOR);
    const backendRefs = [
      { kind: 'StorageBackend', name: 'b1' },
      { kind: 'StorageBackend', name: 'nowhere' },
    ];
    pipelines.setPolicy(policy('team-a', 'builds', { backendRefs }));
    pipelines.setBackend(backend('team-a', 'b1'));
    pipelines.setBackend(backend('team-a', 'b2'));
    assert.deepEqual(compiled(pipelines, 'team-a'), ['builds → b1 (nowhere)']);
  });

  it('follows every change', () => {
    const pipelines = new Pipelines(OPERATOR);
    pipelines.setPolicy(policy('team-a', 'builds'));
    assert.deepEqual(compiled(pipelines, 'team-a'), ['builds →  ()']);
    pipelines.setBackend(backend('team-a', 'b1'));
    assert.deepEqual(compiled(pipelines, 'team-a'), ['builds → b1 ()']);
    pipelines.removeBackend({ kind: 'StorageBackend', namespace: 'team-a', name: 'b1' });
    assert.deepEqual(compiled(pipelines, 'team-a'), ['builds →  ()']);
    pipelines.removePolicy({ kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' });
    assert.deepEqual(compiled(pipelines, 'team-a'), []);
  });

  it('reaches every namespace with a cluster policy but the operator’s own and kube-*', () => {
    const pipelines = new Pipelines(OPERATOR);
    pipelines.setPolicy(policy('', 'baseline'));
    pipelines.setBackend(backend('', 'archive'));
    assert.deepEqual(compiled(pipelines, 'team-a'), ['baseline → archive ()']);
    assert.deepEqual(compiled(pipelines, OPERATOR), []);
    assert.deepEqual(compiled(pipelines, 'kube-system'), []);
  });

  it('follows namespace labels, of policy and backend each on its own', () => {
    const pipelines = new Pipelines(OPERATOR);
    const prod = { matchLabels: { stage: 'prod' } };
    pipelines.setPolicy(policy('', 'baseline', { namespaceSelector: prod }));
    pipelines.setBackend(backend('', 'archive', { namespaceSelector: { matchLabels: { archive: 'yes' } } }));
    assert.deepEqual(compiled(pipelines, 'team-a'), []);
    assert.equal(pipelines.setNamespace({ name: 'team-a', labels: { stage: 'prod' } }), true);
    assert.deepEqual(compiled(pipelines, 'team-a'), ['baseline →  ()']);
    pipelines.setNamespace({ name: 'team-a', labels: { stage: 'prod', archive: 'yes' } });
    assert.deepEqual(compiled(pipelines, 'team-a'), ['baseline → archive ()']);
    assert.equal(pipelines.setNamespace({ name: 'team-a', labels: { stage: 'prod', archive: 'yes' } }), false);
    pipelines.setNamespace({ name: 'team-a', labels: {} });
    assert.deepEqual(compiled(pipelines, 'team-a'), []);
  });

  it("never lets a cluster policy reach a team's backend", () => {
    const pipelines = new Pipelines(OPERATOR);
    pipelines.setPolicy(policy('', 'baseline'));
    pipelines.setBackend(backend('team-a', 'theirs'));
    assert.deepEqual(compiled(pipelines, 'team-a'), ['baseline →  ()']);
  });

  it('reads references of cluster kinds in the operator’s namespace and of a team in its own', () => {
    assert.equal(policy('', 'baseline').homeNamespace, OPERATOR);
    assert.equal(policy('team-a', 'builds').homeNamespace, 'team-a');
    assert.equal(backend('', 'archive').namespace, OPERATOR);
    assert.equal(backend('team-a', 'b').namespace, 'team-a');
  });

  it('reports whether anything changed, so that an unchanged object has no effect', () => {
    const pipelines = new Pipelines(OPERATOR);
    const made = policy('team-a', 'builds');
    assert.equal(pipelines.setPolicy(made), true);
    assert.equal(pipelines.setPolicy({ ...made }), false);
    assert.equal(pipelines.setPolicy({ ...made, generation: 2 }), true);
  });
});

describe('readPolicy', () => {
  it('keeps the selection of a policy that the schema refuses, with the reason', () => {
    const selector = { matchLabels: { app: 'bread' } };
    const signer = { type: 'Cloud' };
    const object = {
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'SigningPolicy',
      metadata: metadata('team-a', 'broken'),
      spec: { selector, signer },
    };
    const read = readPolicy(object, OPERATOR);
    assert.deepEqual(read?.spec.selector, selector);
    assert.match(read.invalid ?? '', /signer/);
  });

  it('selects every run when even the selector cannot be read, so that none is left unsigned in silence', () => {
    const object = {
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'SigningPolicy',
      metadata: metadata('team-a', 'broken'),
      spec: { selector: 'all', signer: 7 },
    };
    const read = readPolicy(object, OPERATOR);
    assert.deepEqual(read?.spec.selector, {});
    assert.ok(read.invalid !== undefined);
  });

  const unread: readonly (readonly [string, object, object])[] = [
    ['its own retention where that can be read', { record: { retention: 'WithRun' } }, { retention: 'WithRun' }],
    ['its records for ever where it cannot', { record: { retention: 'Year' } }, { retention: 'Keep' }],
    ["the platform's default where it asks for none", {}, { retention: 'Seconds', seconds: 604_800 }],
  ];
  for (const [what, spec, retention] of unread) {
    it(`keeps, of a policy that the schema refuses, ${what}`, () => {
      const object = {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'SigningPolicy',
        metadata: metadata('team-a', 'broken'),
        spec: { signer: { type: 'Cloud' }, ...spec },
      };
      const read = readPolicy(object, OPERATOR);
      assert.ok(read?.invalid !== undefined);
      assert.deepEqual(read.spec.record, retention);
    });
  }

  it('leaves out an object without metadata', () => {
    assert.equal(readPolicy({ kind: 'SigningPolicy', spec: {} }, OPERATOR), undefined);
  });
});
