// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { ChartCluster, operator } from './chart-cluster.ts';
import { grantedRules } from './granted-rules.ts';
import { releaseNamespace } from './helm.ts';

const each = (verbs: readonly string[], resources: readonly string[]): readonly string[] =>
  resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`));

/** The namespace of runs, policies and backends. */
const tenantRights = [
  ...each(['get', 'list', 'watch', 'patch'], ['taskruns.tekton.dev', 'pipelineruns.tekton.dev']),
  'list customruns.tekton.dev',
  ...each(['list', 'watch'], ['signingpolicies.hallmark.dev', 'storagebackends.hallmark.dev']),
  'get signingpolicies.hallmark.dev',
  'update signingpolicies/status.hallmark.dev',
  'update storagebackends/status.hallmark.dev',
  ...each(['get', 'list', 'watch', 'create', 'patch', 'delete'], ['provenancerecords.hallmark.dev']),
  'update provenancerecords/status.hallmark.dev',
  ...each(['get'], ['secrets', 'configmaps', 'serviceaccounts']),
  ...each(['create', 'patch'], ['events']),
];

const clusterRights = [
  ...each(
    ['list', 'watch'],
    ['clustersigningpolicies.hallmark.dev', 'clusterstoragebackends.hallmark.dev', 'policyceilings.hallmark.dev'],
  ),
  'get clustersigningpolicies.hallmark.dev',
  'update clustersigningpolicies/status.hallmark.dev',
  'update clusterstoragebackends/status.hallmark.dev',
  'update policyceilings/status.hallmark.dev',
  ...each(['list', 'watch'], ['namespaces']),
];

/** A slot for each replica, and one Lease for each shard. */
const leases = Array.from({ length: 16 }, (_, index) => [`hallmark-member-${index}`, `hallmark-shard-${index}`]).flat();

/** In the operator's own namespace. */
const ownRights = [
  'create leases.coordination.k8s.io',
  'list leases.coordination.k8s.io',
  ...each(['get', 'update'], ['leases.coordination.k8s.io']).map((right) => `${right} named ${leases.join(', ')}`),
  'create secrets',
  'get secrets named hallmark-seal',
];

/** The same, for the notes of children. */
const noteRights = each(['get', 'list', 'create', 'patch', 'delete'], ['configmaps']);

const sorted = (...rights: readonly (readonly string[])[]): readonly string[] => [...new Set(rights.flat())].toSorted();

describe('the rights of the operator, nothing more and nothing less', () => {
  let cluster: ChartCluster;
  before(async () => {
    cluster = await ChartCluster.start('rbac');
    for (const namespace of ['team-a', 'team-b', 'team-c']) await cluster.kubectl(['create', 'namespace', namespace]);
  });
  after(() => cluster.stop());
  afterEach(() => cluster.helm(['uninstall', 'hallmark', '--ignore-not-found']));

  it('with a ClusterRole', async () => {
    await cluster.install();
    assert.deepEqual(await grantedRules(cluster, operator, 'team-a'), sorted(tenantRights, clusterRights));
    assert.deepEqual(
      await grantedRules(cluster, operator, releaseNamespace),
      sorted(tenantRights, clusterRights, ownRights),
    );
  });

  it('in namespaced mode', async () => {
    await cluster.install(['watchNamespaces=["team-a","team-b"]']);
    assert.deepEqual(await grantedRules(cluster, operator, 'team-a'), sorted(tenantRights));
    assert.deepEqual(await grantedRules(cluster, operator, 'team-b'), sorted(tenantRights));
    assert.deepEqual(await grantedRules(cluster, operator, 'team-c'), []);
    assert.deepEqual(await grantedRules(cluster, operator, releaseNamespace), sorted(ownRights));
  });

  it('with writing ConfigMaps of its own namespace, to record the notes of children', async () => {
    await cluster.install(['rbac.recordNotes=true']);
    assert.deepEqual(await grantedRules(cluster, operator, 'team-a'), sorted(tenantRights, clusterRights));
    assert.deepEqual(
      await grantedRules(cluster, operator, releaseNamespace),
      sorted(tenantRights, clusterRights, ownRights, noteRights),
    );
  });

  it('in namespaced mode, without patching runs, and with the Secrets of one namespace by name', async () => {
    await cluster.install([
      'watchNamespaces=["team-a","team-b"]',
      'rbac.patchRuns=false',
      'rbac.secretNames={"team-a":["signing-secrets","registry"]}',
    ]);
    const readRights = tenantRights.filter((right) => !/^patch .*runs/.test(right));
    const byName = readRights.map((right) =>
      right === 'get secrets' ? 'get secrets named signing-secrets, registry' : right,
    );
    assert.deepEqual(await grantedRules(cluster, operator, 'team-a'), sorted(byName));
    assert.deepEqual(await grantedRules(cluster, operator, 'team-b'), sorted(readRights));
    assert.deepEqual(await grantedRules(cluster, operator, releaseNamespace), sorted(ownRights));
  });

  it('with tokens of the ServiceAccounts that the values list, by name, in their namespaces', async () => {
    await cluster.install(['tokens.serviceAccounts={"team-a":["signer","uploader"],"hallmark-system":["platform"]}']);
    const [token] = each(['create'], ['serviceaccounts/token']);
    assert.deepEqual(
      await grantedRules(cluster, operator, 'team-a'),
      sorted(tenantRights, clusterRights, [`${token} named signer, uploader`]),
    );
    assert.deepEqual(await grantedRules(cluster, operator, 'team-b'), sorted(tenantRights, clusterRights));
    assert.deepEqual(
      await grantedRules(cluster, operator, releaseNamespace),
      sorted(tenantRights, clusterRights, ownRights, [`${token} named platform`]),
    );
    for (const account of ['team-a/default', 'team-b/signer', `${releaseNamespace}/hallmark`]) {
      const [namespace = '', name = ''] = account.split('/');
      const asked = cluster.kubectl(['create', 'token', name, '-n', namespace], { as: operator });
      await assert.rejects(asked, /forbidden/, account);
    }
  });

  it('without any role of the chart', async () => {
    await cluster.install(['rbac.create=false']);
    assert.deepEqual(await grantedRules(cluster, operator, 'team-a'), []);
    assert.deepEqual(await grantedRules(cluster, operator, releaseNamespace), []);
  });

  it('and a Secret is never listed or watched, and no Lease or Secret but its own is changed', async () => {
    await cluster.install();
    const mayNot = [
      ['list', 'secrets', '-n', 'team-a'],
      ['watch', 'secrets', '-n', 'team-a'],
      ['list', 'secrets', '-n', releaseNamespace],
      ['update', 'secrets/other', '-n', releaseNamespace],
      ['update', 'leases.coordination.k8s.io/other', '-n', releaseNamespace],
      ['update', 'signingpolicies.hallmark.dev', '-n', 'team-a'],
      ['create', 'secrets', '-n', 'team-a'],
    ];
    for (const question of mayNot) {
      const asked = cluster.kubectl(['auth', 'can-i', ...question], { as: operator });
      await assert.rejects(asked, /no/, question.join(' '));
    }
  });
});

describe('the rights that the built-in roles gain', () => {
  let cluster: ChartCluster;
  before(async () => {
    cluster = await ChartCluster.start('user-rbac');
    await cluster.kubectl(['create', 'namespace', 'team-a']);
    await cluster.install();
  });
  after(() => cluster.stop());

  /** Binds the role and waits: the controller manager fills the built-in roles a moment after the install. */
  const gains = async (role: string, expected: readonly string[]): Promise<void> => {
    const user = `a-${role}er`;
    await cluster.kubectl(['create', 'rolebinding', role, '-n', 'team-a', `--clusterrole=${role}`, `--user=${user}`]);
    await waitUntil(`${role} has its rights`, async () => {
      const granted = await grantedRules(cluster, { user }, 'team-a');
      assert.deepEqual(
        granted.filter((right) => right.includes('hallmark.dev')),
        expected,
      );
      return true;
    });
  };

  const read = ['get', 'list', 'watch'];
  const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];
  const kinds = ['signingpolicies.hallmark.dev', 'storagebackends.hallmark.dev'];
  const records = 'provenancerecords.hallmark.dev';

  it('view: reading policies, backends and records', () => gains('view', sorted(each(read, [...kinds, records]))));

  for (const role of ['edit', 'admin']) {
    it(`${role}: writing policies and backends, and reading and deleting records`, () =>
      gains(role, sorted(each([...read, ...write], kinds), each([...read, 'delete', 'deletecollection'], [records]))));
  }
});
