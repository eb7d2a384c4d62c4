// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { administrator, ChartCluster, operator, type Identity } from './chart-cluster.ts';
import { asManifest, at } from './helm.ts';
import { sampleRecord } from './sample-record.ts';

const onlyTheOperatorCreates = /Only the Hallmark operator may create ProvenanceRecords/;
const onlyTheOperatorWrites = /Only the Hallmark operator may write the spec, evidence and status/;

/** The policy takes effect a moment after it is created; until then the API server lets everything pass. */
async function untilInForce(cluster: ChartCluster): Promise<void> {
  await waitUntil('the admission policy is in force', async () => {
    const tried = cluster.kubectl(['create', '--dry-run=server', '-f', '-'], {
      stdin: JSON.stringify(sampleRecord('probe')),
      as: administrator,
    });
    return tried.then(
      () => false,
      (error: unknown) => onlyTheOperatorCreates.test(String(error)),
    );
  });
}

describe('the admission policy', () => {
  let cluster: ChartCluster;
  before(async () => {
    cluster = await ChartCluster.start('admission');
    await cluster.kubectl(['create', 'namespace', 'team-a']);
    await cluster.install();
    await untilInForce(cluster);
    await cluster.create(sampleRecord('kept'), operator);
  });
  after(() => cluster.stop());

  const patch = (name: string, body: object, options: { as: Identity; status?: boolean }) =>
    cluster.kubectl(
      [
        ...['patch', 'provenancerecord', name, '-n', 'team-a', '--type=merge', '-p', JSON.stringify(body)],
        ...(options.status === true ? ['--subresource=status'] : []),
      ],
      { as: options.as },
    );

  it('compiles without a warning of the API server', async () => {
    const policies = 'validatingadmissionpolicies';
    const warnings = await waitUntil('the API server has checked the expressions', async () => {
      const policy = await cluster.json(['get', policies, 'hallmark-system-hallmark-records']);
      return at(policy, 'status', 'observedGeneration') === undefined
        ? undefined
        : { found: at(policy, 'status', 'typeChecking') };
    });
    assert.deepEqual(warnings.found ?? {}, {});
  });

  it('lets the operator create a record and write its evidence and status', async () => {
    await cluster.create(sampleRecord('made'), operator);
    const [artifact] = sampleRecord('made').evidence.artifacts;
    const signed = { ...artifact, signature: 'c2lnbmVk', keyID: 'SHA256:abc', publicKey: 'PEM' };
    await patch('made', { evidence: { artifacts: [signed], seal: 'bmV3' } }, { as: operator });
    const written = asManifest(await cluster.json(['get', 'provenancerecord', 'made', '-n', 'team-a']));
    await cluster.kubectl(['replace', '--subresource=status', '-f', '-'], {
      stdin: JSON.stringify({ ...written, status: { stored: '0/1' } }),
      as: operator,
    });
    const after = await cluster.json(['get', 'provenancerecord', 'made', '-n', 'team-a']);
    assert.equal(at(after, 'evidence', 'artifacts', 0, 'signature'), 'c2lnbmVk');
    assert.equal(at(after, 'status', 'stored'), '0/1');
  });

  it('refuses a record that a cluster administrator makes', async () => {
    await assert.rejects(cluster.create(sampleRecord('forged'), administrator), onlyTheOperatorCreates);
  });

  it("refuses another ServiceAccount, in the operator's namespace too", async () => {
    await cluster.kubectl([
      'create',
      'clusterrolebinding',
      'too-much',
      '--clusterrole=cluster-admin',
      '--user=x',
      '--serviceaccount=hallmark-system:default',
      '--serviceaccount=team-a:hallmark',
    ]);
    for (const user of ['system:serviceaccount:hallmark-system:default', 'system:serviceaccount:team-a:hallmark']) {
      await assert.rejects(cluster.create(sampleRecord('forged'), { user }), onlyTheOperatorCreates, user);
    }
  });

  it('refuses to let others change evidence, however they write it', async () => {
    const evidence = { evidence: { seal: 'Zm9yZ2Vk' } };
    await assert.rejects(patch('kept', evidence, { as: administrator }), onlyTheOperatorWrites);
    const applied = {
      ...sampleRecord('kept'),
      ...{ evidence: { ...sampleRecord('kept').evidence, seal: 'Zm9yZ2Vk' } },
    };
    const apply = cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      stdin: JSON.stringify(applied),
      as: administrator,
    });
    await assert.rejects(apply, onlyTheOperatorWrites);
  });

  it('refuses to let others change the status', async () => {
    const status = { status: { stored: '1/1', reason: 'Stored' } };
    await assert.rejects(patch('kept', status, { as: administrator, status: true }), onlyTheOperatorWrites);
  });

  it('refuses to let others set the backends of a record that has none yet', async () => {
    const { backendRefs, ...spec } = sampleRecord('open').spec;
    await cluster.create({ ...sampleRecord('open'), spec }, operator);
    await assert.rejects(patch('open', { spec: { backendRefs } }, { as: administrator }), onlyTheOperatorWrites);
  });

  it('lets users edit labels and annotations', async () => {
    await patch('kept', { metadata: { labels: { seen: 'yes' }, annotations: { note: 'ok' } } }, { as: administrator });
    const kept = await cluster.json(['get', 'provenancerecord', 'kept', '-n', 'team-a']);
    assert.equal(at(kept, 'metadata', 'labels', 'seen'), 'yes');
  });

  it('lets users delete a record, the garbage collector its dependants, and a namespace go', async () => {
    await cluster.kubectl(['create', 'configmap', 'owner', '-n', 'team-a']);
    const uid = at(await cluster.json(['get', 'configmap', 'owner', '-n', 'team-a']), 'metadata', 'uid');
    const owned = { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }] };
    await cluster.create(sampleRecord('dependant'), operator);
    await patch('dependant', { metadata: owned }, { as: administrator });
    await cluster.kubectl(['delete', 'configmap', 'owner', '-n', 'team-a'], { as: administrator });
    await cluster.kubectl(['wait', '--for=delete', 'provenancerecord/dependant', '-n', 'team-a', '--timeout=120s']);
    await cluster.kubectl(['delete', 'provenancerecord', 'kept', '-n', 'team-a'], { as: administrator });
    await cluster.kubectl(['delete', 'namespace', 'team-a', '--timeout=120s'], { as: administrator });
  });
});

describe('the admission policy in namespaced mode', () => {
  let cluster: ChartCluster;
  before(async () => {
    cluster = await ChartCluster.start('admission-namespaced');
    for (const namespace of ['team-a', 'team-b']) await cluster.kubectl(['create', 'namespace', namespace]);
    await cluster.install(['watchNamespaces=["team-a"]']);
    await untilInForce(cluster);
  });
  after(() => cluster.stop());

  it('leaves the namespaces of another installation to its operator, and its own to its own', async () => {
    await cluster.install(['watchNamespaces=["team-b"]', 'crds.enabled=false'], 'team-tools');
    const other: Identity = { user: 'system:serviceaccount:team-tools:hallmark' };
    const elsewhere = { ...sampleRecord('theirs'), metadata: { name: 'theirs', namespace: 'team-b' } };
    await waitUntil('the second admission policy is in force', () =>
      cluster
        .kubectl(['create', '--dry-run=server', '-f', '-'], { stdin: JSON.stringify(elsewhere), as: administrator })
        .then(
          () => false,
          (error: unknown) => onlyTheOperatorCreates.test(String(error)),
        ),
    );
    await cluster.create(elsewhere, other);
    await cluster.create(sampleRecord('ours'), operator);
    // Neither could go beyond its own namespaces, even with all rights that RBAC can give.
    const [users, binding] = [
      [operator, other],
      ['create', 'clusterrolebinding', 'all', '--clusterrole=cluster-admin'],
    ];
    await cluster.kubectl([...binding, ...users.map(({ user }) => `--user=${user}`)]);
    await assert.rejects(cluster.create(sampleRecord('forged'), other), onlyTheOperatorCreates);
    const forged = { ...elsewhere, metadata: { name: 'forged', namespace: 'team-b' } };
    await assert.rejects(cluster.create(forged, operator), onlyTheOperatorCreates);
  });

  it('leaves a namespace alone that no installation watches', async () => {
    const elsewhere = { ...sampleRecord('other'), metadata: { name: 'other', namespace: 'default' } };
    await cluster.create(elsewhere, administrator);
    const found = await cluster.json(['get', 'provenancerecord', 'other', '-n', 'default']);
    assert.equal(at(found, 'metadata', 'name'), 'other');
  });
});
