// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at, releaseNamespace } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { conditionOf, storageOf } from '../harness/record.ts';
import { KEY_SECRET, type Build, type Team } from '../harness/team.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { FakeGcs } from '../testbed/gcs/fake-gcs.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

const BUCKET = 'platform-evidence';

describe('a backend that is shared', () => {
  let installation: Installation;
  let gcs: FakeGcs;
  let team: Team;
  let runs: ManagedRuns;

  before(async () => {
    installation = await Installation.start({
      label: 'shared-backends',
      replicas: 1,
      values: ['config.outbound.allow=["127.0.0.0/8"]', 'config.retry.maxSeconds=2'],
    });
    gcs = await FakeGcs.start(installation.testbed.supervisor);
    await gcs.makeBucket(BUCKET);
    team = await installation.team({
      name: 'team-s',
      backends: ['tekton'],
      policy: { ...managedRuns, backendRefs: [] },
    });
    const metadata = { name: 'google', namespace: releaseNamespace };
    await installation.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { access_token: 'planted' } });
    await team.untilReady();
    runs = new ManagedRuns(adminClient(installation.plane), team);
  });
  after(() => installation.stop());

  function archive(spec: object): Promise<void> {
    return installation.apply({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'ClusterStorageBackend',
      metadata: { name: 'archive' },
      spec: {
        type: 'GCS',
        gcs: {
          bucket: BUCKET,
          apiEndpoint: gcs.url,
          authentication: { type: 'Secret', secretRef: { name: 'google' } },
          tls: { insecure: true },
        },
        ...spec,
      },
    });
  }

  /** A second policy that selects the same runs. */
  async function secondPolicy(): Promise<void> {
    const metadata = { name: 'also', namespace: team.name };
    const signer = { type: 'Key', key: { secretRef: { name: KEY_SECRET } } };
    const backendRefs = [{ kind: 'ClusterStorageBackend', name: 'archive' }];
    const spec = { selector: { matchLabels: team.releaseLabel }, ...managedRuns, signer, backendRefs };
    await installation.apply({ apiVersion: 'hallmark.dev/v1alpha1', kind: 'SigningPolicy', metadata, spec });
    await team.untilReady('also');
  }

  it("takes nothing of a team's policies before it says that it does", async () => {
    await archive({});
    await installation.wait('default', 'clusterstoragebackend/archive', 'condition=Ready');
    const record = await team.readyRecord(await runs.build({ name: 'own' }));
    assert.equal(storageOf(record, 'archive'), undefined);
  });

  it("takes a team's evidence with the platform's credentials once it accepts it", async () => {
    await archive({ acceptFrom: ['SigningPolicy'] });
    await team.untilReady();
    const record = await team.readyRecord(await runs.build({ name: 'shared' }));
    assert.equal(storageOf(record, 'archive')?.state, 'Stored');
    assert.equal(storageOf(record, 'tekton')?.state, 'Stored');
    assert.equal(record.status?.stored, '2/2');
  });

  it('holds one signature of an image for two runs that built it, and both records verify', async () => {
    const image = await team.registry.pushImage(`${team.name}/app`, 'twice');
    const builds = await Promise.all(
      ['first', 'second'].map(async (name): Promise<Build> => {
        const run = await runs.create({ name });
        await runs.finish(run, { results: runs.imageResults(image) });
        return { kind: 'TaskRun', name, uid: String(at(run, 'metadata', 'uid')), image };
      }),
    );
    for (const build of builds) {
      const record = await team.readyRecord(build);
      assert.equal(storageOf(record, 'archive')?.verification?.state, 'Verified');
      assert.equal(conditionOf(record, 'Verified')?.status, 'True');
    }
  });

  let contested: Build;

  it('keeps the evidence of the first of two policies, and tells the other', async () => {
    await secondPolicy();
    contested = await runs.build({ name: 'contested' });
    const records = await waitUntil(
      'one record is stored and the other in conflict',
      async () => {
        const both = await Promise.all(['builds', 'also'].map((policy) => team.record(contested, policy)));
        const found = both.filter((record) => record !== undefined);
        const reasons = found.map((record) => conditionOf(record)?.reason).sort();
        return reasons.join() === 'KeyConflict,Stored' ? found : undefined;
      },
      { timeoutSeconds: PATIENCE_SECONDS },
    );
    const loser = records.find((record) => conditionOf(record)?.reason === 'KeyConflict');
    assert.ok(loser);
    assert.match(conditionOf(loser)?.message ?? '', /archive.*keys: PerPolicy/);
  });

  it('gives each policy names of its own when configured so, and stores both', async () => {
    await archive({ acceptFrom: ['SigningPolicy'], keys: 'PerPolicy' });
    for (const policy of ['builds', 'also']) {
      const record = await team.readyRecord(contested, policy);
      assert.equal(storageOf(record, 'archive')?.state, 'Stored');
    }
    const answer = await fetch(`${gcs.url}/storage/v1/b/${BUCKET}/o?prefix=taskrun-${team.name}-contested/`);
    const names = [...(await answer.text()).matchAll(/"name":"[^"]*\/([^"]*)\.payload"/g)].map(([, name]) => name);
    const own = names.filter((name) => name?.startsWith(`taskrun-${contested.uid}-`) === true);
    assert.ok(own.length >= 1 && names.length >= 2, names.join(', '));
  });
});
