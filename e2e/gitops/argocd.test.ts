// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { asManifest, at, listAt, releaseNamespace, type Manifest } from '../chart/helm.ts';
import { checkout } from '../harness/installation.ts';
import { conditionOf, parseRecord } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { KEY_SECRET } from '../harness/team.ts';
import { argocdNamespace } from '../testbed/argocd/argocd.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { GitopsBed } from './gitops-bed.ts';
import { kstatus } from './judges.ts';

const apiVersion = 'hallmark.dev/v1alpha1';
const group = 'hallmark.dev';

const wave = (number: number): object => ({ annotations: { 'argocd.argoproj.io/sync-wave': String(number) } });
const backend = { apiVersion, kind: 'StorageBackend', metadata: { name: 'tekton' }, spec: { type: 'Tekton' } };
const signer = { type: 'Key', key: { secretRef: { name: KEY_SECRET } } };
const policy = (spec: object = {}): Manifest => ({
  apiVersion,
  kind: 'SigningPolicy',
  metadata: { name: 'builds', ...wave(1) },
  spec: { signer, ...spec },
});
/** A sync that waits for a suspended policy takes up no later commit, so a policy that is suspended by a commit has no wave. */
const withoutWave = (object: Manifest): Manifest => ({ ...object, metadata: { name: at(object, 'metadata', 'name') } });
/** Something that waits for the policy. */
const builds = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'builds', ...wave(2) },
  data: { start: 'now' },
};

const nowhere = { namespaceSelector: { matchLabels: { 'example.com/stage': 'production' } } };
const clusterKinds: readonly Manifest[] = [
  {
    kind: 'ClusterStorageBackend',
    metadata: { name: 'platform', ...wave(1) },
    spec: { ...nowhere, type: 'Tekton' },
  },
  {
    kind: 'ClusterSigningPolicy',
    metadata: { name: 'releases', ...wave(1) },
    spec: { ...nowhere, signer, subjects: { allowedRepositories: ['registry.example.com/*'] } },
  },
  {
    kind: 'PolicyCeiling',
    metadata: { name: 'tenants', ...wave(1) },
    spec: {
      namespaceSelector: { matchLabels: { 'example.com/tenant': 'true' } },
      signers: { types: ['Key'] },
      backends: { types: ['Tekton'] },
    },
  },
].map((object) => ({ apiVersion, ...object }));

const manyTeams = Array.from({ length: 200 }, (_, index) => `team-${index + 1}`);

let bed: GitopsBed;
before(async () => {
  bed = await GitopsBed.start((git) => {
    git.write('hallmark/cluster.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: clusterKinds }));
    git.write('teams/README.md', 'A folder a team.');
    for (const team of manyTeams) git.write(`many-teams/${team}/README.md`, 'A team.');
  });
  await bed.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: releaseNamespace } });
  await createKey(releaseNamespace);
});
after(() => bed.stop());

/** The team's key, which is not in git. */
async function createKey(namespace: string, pem = newSigningKey().privateKey): Promise<void> {
  const metadata = { name: KEY_SECRET, namespace };
  await bed.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'x509.pem': pem } });
}

/** The manifests that the platform team gives to a team. */
const whatTeamGets = (team: string): readonly Manifest[] =>
  bed.manifests('team.yaml', (text) => text.replaceAll('team-a', team));
/** The ApplicationSet as it is shipped, for the folders of many teams, which Argo CD then leaves alone. */
const forManyTeams = (text: string): string =>
  text
    .replace('name: hallmark-teams', 'name: many-teams')
    .replace('path: teams/*', 'path: many-teams/*')
    .replace('annotations:', "annotations:\n        argocd.argoproj.io/skip-reconcile: 'true'");
const isOfManyTeams = (application: unknown): boolean =>
  at(application, 'metadata', 'ownerReferences', 0, 'name') === 'many-teams';

const live = (namespace: string, name: string): Promise<Manifest | undefined> => bed.find(namespace, name);
const statusOf = async (namespace: string, name: string): Promise<string | undefined> =>
  (await kstatus([await live(namespace, name)]))[0];
const timeOf = (object: unknown, ...path: readonly (string | number)[]): number =>
  Date.parse(String(at(object, ...path)));
const conditionTime = (object: unknown, type: string): number => {
  const condition = listAt(object, 'status', 'conditions').find((each) => at(each, 'type') === type);
  return timeOf(condition, 'lastTransitionTime');
};

describe('the platform, as an application of Argo CD', () => {
  it('finds the settings that the command of docs/gitops.md makes', async () => {
    const page = readFileSync(join(checkout, 'docs', 'gitops.md'), 'utf8');
    const [, command] = /^ *kubectl (-n argocd patch .+)$/m.exec(page) ?? [];
    assert.ok(command !== undefined);
    const { stdout } = await bed.kubectl(command.replace('gitops/', join(checkout, 'gitops/')).split(' '));
    assert.match(stdout, /argocd-cm patched \(no change\)/);
  });

  it('is Synced and Healthy with the operator, the CRDs and the cluster kinds', async () => {
    await bed.apply(bed.platform());
    const { objects } = await bed.untilSynced('hallmark', 'Healthy');
    for (const { sync } of objects.values()) assert.equal(sync, 'Synced');
    assert.equal(objects.get('Deployment/hallmark')?.health?.status, 'Healthy');
    for (const object of clusterKinds) {
      const health = objects.get(`${String(object['kind'])}/${String(at(object, 'metadata', 'name'))}`)?.health;
      assert.equal(health?.status, 'Healthy', String(object['kind']));
      assert.match(health.message ?? '', /^Ready: /);
    }
  });

  it('made the cluster kinds once the operator was available', async () => {
    const available = conditionTime(await live(releaseNamespace, 'deployment/hallmark'), 'Available');
    for (const object of clusterKinds) {
      const name = `${String(object['kind']).toLowerCase()}/${String(at(object, 'metadata', 'name'))}`;
      assert.ok(timeOf(await live('', name), 'metadata', 'creationTimestamp') >= available, name);
    }
  });
});

describe('the teams, as an ApplicationSet of Argo CD', () => {
  before(async () => {
    await bed.apply(...['team-a', 'team-b', 'team-c', 'team-d', 'team-e'].flatMap(whatTeamGets));
    await createKey('team-b', 'this is no key');
    await createKey('team-d');
    bed.writeTeam('team-a', 'all.yaml', backend, policy(), builds);
    bed.writeTeam('team-b', 'all.yaml', backend, policy(), builds);
    bed.writeTeam('team-c', 'all.yaml', backend, withoutWave(policy({ suspend: true })));
    bed.writeTeam('team-d', 'backend.yaml', backend);
    bed.writeTeam('team-d', 'policy.yaml', withoutWave(policy({ ...managedRuns, suspend: false })));
    bed.writeTeam('team-e', 'all.yaml', backend, { ...policy(), metadata: { name: 'planted', namespace: 'team-a' } });
    await bed.apply(...bed.manifests('teams.yaml'));
    await bed.push('Add the teams');
  });

  it('waits with later waves while a key is missing, Progressing with the message', async () => {
    const waiting = await bed.untilApp('team-a', 'waiting for the policy', ({ message }) =>
      message.includes(`waiting for healthy state of ${group}/SigningPolicy/builds`),
    );
    assert.equal(waiting.operation, 'Running');
    await bed.wait('team-a', 'signingpolicy/builds', 'condition=KeyReady=False');
    // Argo CD takes up a new message of the same health when it compares.
    await bed.compareAgain('team-a');
    const health = (await bed.app('team-a'))?.objects.get('SigningPolicy/builds')?.health;
    assert.equal(health?.status, 'Progressing');
    assert.match(health.message ?? '', /^KeyNotFound: /);
    assert.equal(await statusOf('team-a', 'signingpolicy/builds'), 'InProgress');
    assert.equal(await live('team-a', 'configmap/builds'), undefined);
    await createKey('team-a');
  });

  it('shows a broken key as Degraded with its message, and starts nothing after it', async () => {
    const isDegraded = ({ health }: { readonly health: string }): boolean => health === 'Degraded';
    const { objects } = await bed.untilApp('team-b', 'Degraded', isDegraded);
    const health = objects.get('SigningPolicy/builds')?.health;
    assert.equal(health?.status, 'Degraded');
    assert.match(health.message ?? '', /^KeyInvalid: .*signing-secrets/);
    assert.equal(await statusOf('team-b', 'signingpolicy/builds'), 'Failed');
    assert.equal(await live('team-b', 'configmap/builds'), undefined);
    await createKey('team-b');
  });

  it('shows a suspended policy as Suspended, and that ends with the suspension', async () => {
    const { objects } = await bed.untilApp('team-c', 'Suspended', ({ health }) => health === 'Suspended');
    assert.match(objects.get('SigningPolicy/builds')?.health?.message ?? '', /^Suspended: /);
    assert.equal(await statusOf('team-c', 'signingpolicy/builds'), 'Current');
    bed.writeTeam('team-c', 'all.yaml', backend, withoutWave(policy()));
    await createKey('team-c');
    await bed.untilSynced('team-c', 'Healthy', await bed.push('Resume team-c', ['team-c']));
  });

  it('refuses a manifest that names the namespace of another team', async () => {
    const why = "namespace team-a is not permitted in project 'team-e'";
    const { refusals } = await bed.untilApp('team-e', 'refused', (app) => app.refusals.length > 0);
    assert.deepEqual(refusals, [why]);
    assert.equal(await live('team-a', 'signingpolicy/planted'), undefined);
  });

  it('shows what exceeds the ceiling of the platform as Degraded', async () => {
    bed.writeTeam('team-d', 'more.yaml', {
      apiVersion,
      kind: 'StorageBackend',
      metadata: { name: 'registry' },
      spec: { type: 'OCI', selector: { matchLabels: { none: 'true' } }, oci: { encoding: 'CosignTags' } },
    });
    await bed.untilSynced('team-d', 'Healthy');
    const commit = await bed.push('Exceed the ceiling', ['team-d']);
    const { objects } = await bed.untilApp(
      'team-d',
      'Degraded by the ceiling',
      ({ health, revision }) => health === 'Degraded' && revision === commit,
    );
    assert.match(objects.get('StorageBackend/registry')?.health?.message ?? '', /^CeilingExceeded: /);
    bed.git.remove('teams/team-d/more.yaml');
    await bed.untilSynced('team-d', 'Healthy', await bed.push('Keep to the ceiling', ['team-d']));
  });

  it('has an Application for each of two hundred teams, of a folder, a project and a namespace of its own', async () => {
    await bed.apply(...manyTeams.flatMap((team) => whatTeamGets(team).filter(({ kind }) => kind === 'AppProject')));
    await bed.apply(...bed.manifests('teams.yaml', forManyTeams));
    const applications = await waitUntil('all Applications are there', async () => {
      const found = (await bed.list(['applications', '-n', argocdNamespace])).filter(isOfManyTeams);
      return found.length >= manyTeams.length ? found : undefined;
    });
    const places = applications.map((each) => [
      at(each, 'metadata', 'name'),
      at(each, 'spec', 'project'),
      at(each, 'spec', 'destination', 'namespace'),
      at(each, 'spec', 'source', 'path'),
    ]);
    const expected = manyTeams.map((team) => [team, team, team, `many-teams/${team}`]);
    assert.deepEqual(places.toSorted(), expected.toSorted());
  });

  for (const [team, key] of [
    ['team-a', 'missing'],
    ['team-b', 'broken'],
  ] as const)
    it(`goes on once the right key came in place of the ${key} one, and is Healthy`, async () => {
      await bed.untilSynced(team, 'Healthy');
      assert.equal(await statusOf(team, 'signingpolicy/builds'), 'Current');
      const ready = conditionTime(await live(team, 'signingpolicy/builds'), 'Ready');
      assert.ok(timeOf(await live(team, 'configmap/builds'), 'metadata', 'creationTimestamp') >= ready);
    });
});

describe('a team that builds', () => {
  let record: Manifest;
  let runs: ManagedRuns;
  const registry = { host: 'registry.example.com', pushImage: () => assert.fail('no image is pushed') };
  const digest = `sha256:${'1'.repeat(64)}`;
  const recordNow = async (): Promise<Manifest> =>
    asManifest(await live('team-d', `provenancerecord/${String(at(record, 'metadata', 'name'))}`));

  before(async () => {
    runs = new ManagedRuns(adminClient(bed.plane), { name: 'team-d', releaseLabel: {}, registry });
    await finishRun('bake-1');
    const [first] = await waitUntil('the run has a record', async () => {
      const records = await bed.list(['provenancerecords', '-n', 'team-d']);
      return records.length > 0 ? records : undefined;
    });
    const name = `provenancerecord/${String(at(first, 'metadata', 'name'))}`;
    await bed.wait('team-d', name, 'condition=Ready');
    await bed.wait('team-d', name, 'condition=Verified');
    record = asManifest(await live('team-d', name));
  });

  it('has a record that Argo CD never sees, as it sees the other kinds', async () => {
    const others = ['SigningPolicy', 'StorageBackend', ...clusterKinds.map(({ kind }) => kind)];
    assert.deepEqual([...(await bed.kindsSeen())].toSorted(), others.toSorted());
  });

  it('leaves every application Synced, with no further sync', async () => {
    const apps = ['hallmark', 'team-a', 'team-b', 'team-c', 'team-d'];
    const earlier = await Promise.all(apps.map((app) => bed.app(app)));
    for (const [index, app] of apps.entries()) {
      await bed.compareAgain(app);
      const now = await bed.untilSynced(app, 'Healthy');
      assert.equal(now.syncs, earlier[index]?.syncs, `${app} was synced again`);
      for (const [name, { sync }] of now.objects) assert.equal(sync, 'Synced', `${app}: ${name}`);
    }
  });

  it('has an edit by hand undone while runs finish, which are all stored once', async () => {
    await bed.patch('team-d', 'signingpolicy/builds', { spec: { suspend: true } });
    await finishRun('edited-1');
    await finishRun('edited-2');
    await waitUntil('git is in force again', async () => {
      return at(await live('team-d', 'signingpolicy/builds'), 'spec', 'suspend') !== true;
    });
    await bed.untilSynced('team-d', 'Healthy');
    await assertStoredOnce('edited-1', 'edited-2');
    assert.deepEqual(at(await recordNow(), 'evidence'), at(record, 'evidence'));
  });

  it('has its backend pruned, and what finished meanwhile is stored once git has it again', async () => {
    bed.git.remove('teams/team-d/backend.yaml');
    await bed.push('Remove the backend', ['team-d']);
    await waitUntil('the backend is gone', async () => (await live('team-d', 'storagebackend/tekton')) === undefined);
    await finishRun('pruned-1');
    await finishRun('pruned-2');
    const waiting = 'jsonpath={.status.reason}=BackendNotFound';
    for (const name of ['pruned-1', 'pruned-2']) await bed.wait('team-d', await recordOf(name), waiting);
    bed.writeTeam('team-d', 'backend.yaml', backend);
    await bed.untilSynced('team-d', 'Healthy', await bed.push('Restore the backend', ['team-d']));
    await assertStoredOnce('pruned-1', 'pruned-2');
    await assertKept();
  });

  it('has its policy pruned, and its record and evidence stay', async () => {
    bed.git.remove('teams/team-d/policy.yaml');
    await bed.untilSynced('team-d', 'Healthy', await bed.push('Remove the policy', ['team-d']));
    await waitUntil('the policy is gone', async () => (await live('team-d', 'signingpolicy/builds')) === undefined);
    await assertKept();
  });

  it('has its folder removed, and what was applied stays', async () => {
    bed.git.remove('teams/team-d');
    await bed.push('Remove the team');
    await waitUntil('the application is gone', async () => (await bed.app('team-d')) === undefined);
    assert.notEqual(await live('team-d', 'storagebackend/tekton'), undefined);
    await assertKept();
  });

  it('keeps its record when the chart leaves out the CRDs, and when the platform is deleted', async () => {
    await bed.apply(bed.platform({ crds: { enabled: false } }));
    const crd = 'CustomResourceDefinition/provenancerecords.hallmark.dev';
    await bed.untilApp('hallmark', 'without the CRDs', ({ sync, health, objects }) => {
      return sync === 'Synced' && health === 'Healthy' && objects.size > 0 && !objects.has(crd);
    });
    await assertKept();
    const finalizers = ['resources-finalizer.argocd.argoproj.io'];
    await bed.patch(argocdNamespace, 'application/hallmark', { metadata: { finalizers } });
    await bed.delete(argocdNamespace, 'application/hallmark');
    assert.equal(await live(releaseNamespace, 'deployment/hallmark'), undefined);
    await assertKept();
  });

  async function finishRun(name: string): Promise<void> {
    const results = runs.imageResults({ digest, reference: `${registry.host}/team-d/app@${digest}` });
    await runs.finish(await runs.create({ name }), { results });
  }

  /** The names of all records of a run of the team. */
  async function recordsOf(run: string): Promise<readonly string[]> {
    const records = await bed.list(['provenancerecords', '-n', 'team-d']);
    const ofRun = records.filter((each) => at(each, 'spec', 'runRef', 'name') === run);
    return ofRun.map((each) => `provenancerecord/${String(at(each, 'metadata', 'name'))}`);
  }

  const recordOf = (run: string): Promise<string> =>
    waitUntil(`${run} has a record`, async () => (await recordsOf(run))[0]);

  async function assertStoredOnce(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      await bed.wait('team-d', await recordOf(name), 'condition=Ready');
      assert.equal((await recordsOf(name)).length, 1);
      assert.equal((await signatures(name)).length, 1, name);
    }
  }

  /** The annotations of a run that hold its signatures. */
  async function signatures(run: string): Promise<readonly string[]> {
    const annotations = asManifest(at(await live('team-d', `taskrun/${run}`), 'metadata', 'annotations'));
    return Object.keys(annotations).filter((name) => name.startsWith('chains.tekton.dev/signature-taskrun-'));
  }

  async function assertKept(): Promise<void> {
    const now = await recordNow();
    assert.equal(at(now, 'metadata', 'uid'), at(record, 'metadata', 'uid'));
    assert.deepEqual(at(now, 'evidence'), at(record, 'evidence'));
    assert.equal(conditionOf(parseRecord(now), 'Stored')?.status, 'True');
    assert.equal((await signatures('bake-1')).length, 1);
  }
});
