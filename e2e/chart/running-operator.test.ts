// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { ChartCluster, nodeAgent } from './chart-cluster.ts';
import { asManifest, at, releaseNamespace, type Manifest } from './helm.ts';
import { scraped } from './scraped-metrics.ts';

const localOnly = 'config.http.host="127.0.0.1"';
const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const keySecret = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'signing-secrets', namespace },
  stringData: { 'x509.pem': pem },
});

const backend = (namespace: string) => ({
  apiVersion: 'hallmark.dev/v1alpha1',
  kind: 'StorageBackend',
  metadata: { name: 'tekton', namespace },
  spec: { type: 'Tekton' },
});

const policy = (namespace: string) => ({
  apiVersion: 'hallmark.dev/v1alpha1',
  kind: 'SigningPolicy',
  metadata: { name: 'builds', namespace },
  spec: { signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } } },
});

const run = (namespace: string, name: string) => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name, namespace },
  spec: { taskSpec: { steps: [{ name: 'build', image: 'registry.example.com/builder', command: ['build'] }] } },
});

/** A team with a key, a backend, a policy that is Ready, and then a run. */
async function teamBuilds(cluster: ChartCluster, namespace: string, name: string): Promise<void> {
  for (const object of [keySecret(namespace), backend(namespace), policy(namespace)]) await cluster.create(object);
  await cluster.kubectl(['wait', '--for=condition=Ready', 'signingpolicy/builds', '-n', namespace, '--timeout=60s']);
  await cluster.create(run(namespace, name));
}

/** The series of the condition Ready of an object. */
function condition(kind: string, namespace: string, name: string, status: string): string {
  return `hallmark_condition{kind="${kind}",namespace="${namespace}",name="${name}",type="Ready",status="${status}"} 1`;
}

/** Adds to team-a: team-b is well, team-c has no key, and team-d a backend where nothing may be sent. */
async function breakTeams(cluster: ChartCluster): Promise<void> {
  for (const namespace of ['team-c', 'team-d']) await cluster.kubectl(['create', 'namespace', namespace]);
  const forbidden = {
    ...backend('team-d'),
    spec: { type: 'OCI', oci: { encoding: 'CosignTags', repository: '127.0.0.1:1/evidence' } },
  };
  const objects = [keySecret('team-b'), backend('team-b'), backend('team-c'), keySecret('team-d'), forbidden];
  for (const object of [...objects, ...['team-b', 'team-c', 'team-d'].map(policy)]) await cluster.create(object);
}

const records = async (cluster: ChartCluster, namespace: string): Promise<readonly Manifest[]> => {
  const items = at(await cluster.json(['get', 'provenancerecords', '-n', namespace]), 'items');
  return Array.isArray(items) ? items.map(asManifest) : [];
};

for (const { mode, entries } of [
  { mode: 'with a ClusterRole', entries: [localOnly] },
  { mode: 'in namespaced mode', entries: [localOnly, 'watchNamespaces=["team-a"]'] },
]) {
  describe(`the operator works with what the chart grants ${mode}`, () => {
    let cluster: ChartCluster;
    before(async () => {
      cluster = await ChartCluster.start('running-operator', { tekton: true, nodeAgent });
      for (const namespace of ['team-a', 'team-b', releaseNamespace])
        await cluster.kubectl(['create', 'namespace', namespace]);
      await cluster.kubectl(['label', 'namespace', releaseNamespace, 'pod-security.kubernetes.io/enforce=restricted']);
      await cluster.install(entries);
    });
    after(() => cluster.stop());

    it('both pods become Ready', async () => {
      const rollout = ['rollout', 'status', 'deployment/hallmark', '-n', releaseNamespace, '--timeout=90s'];
      await cluster.kubectl(rollout);
      const ready = cluster.node.pods().filter(({ namespace }) => namespace === releaseNamespace);
      assert.equal(ready.length, 2);
    });

    it('a run of a watched namespace is signed and stored', async () => {
      await teamBuilds(cluster, 'team-a', 'build-1');
      await waitUntil('there is a record', async () => (await records(cluster, 'team-a')).length > 0, {
        timeoutSeconds: 90,
      });
      const wait = ['wait', '--for=condition=Ready', 'provenancerecords', '--all', '-n', 'team-a', '--timeout=90s'];
      await cluster.kubectl(wait);
      const signed = await cluster.json(['get', 'taskrun', 'build-1', '-n', 'team-a']);
      const annotations = Object.keys(asManifest(at(signed, 'metadata', 'annotations')));
      assert.ok(
        annotations.some((name) => name.startsWith('chains.tekton.dev/signature-')),
        annotations.join(),
      );
    });

    it('the namespace admits only pods that keep the restricted standard', async () => {
      await assert.rejects(
        cluster.kubectl(['run', 'root', '--image=registry.example.com/root', '-n', releaseNamespace]),
        /violates PodSecurity "restricted:latest"/,
      );
    });

    it('helm test runs the doctor there, who finds nothing wrong, and leaves nothing behind', async () => {
      const { stdout } = await cluster.helm(['test', 'hallmark', '--timeout=120s']);
      assert.match(stdout, /Phase: +Succeeded/);
      const log = cluster.node.logs(releaseNamespace, 'hallmark-test');
      assert.match(log, /ok +TaskRun: is served, and you may read it/);
      assert.match(log, /2 of 2 replicas are available/);
      assert.match(log, /, failed: 0/);
      const seen = mode === 'in namespaced mode' ? /not visible with your rights: \d/ : /failed: 0\n*$/;
      assert.match(log, seen);
      const kinds = 'pods,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings';
      const left = ['get', kinds, '-A', '-l', 'app.kubernetes.io/name=hallmark-test', '-o', 'name'];
      await waitUntil('the objects of the test are gone', async () => (await cluster.kubectl(left)).stdout === '');
    });

    if (mode === 'with a ClusterRole') {
      it('helm test fails where the doctor finds a fault', async () => {
        const metadata = { name: 'broken', namespace: 'team-a' };
        const broken = {
          ...policy('team-a'),
          metadata,
          spec: { signer: { type: 'Key', key: { secretRef: { name: 'missing' } } } },
        };
        await cluster.create(broken);
        const isFalse = [
          'wait',
          '--for=condition=Ready=false',
          'signingpolicy/broken',
          '-n',
          'team-a',
          '--timeout=60s',
        ];
        await cluster.kubectl(isFalse);
        await assert.rejects(cluster.helm(['test', 'hallmark', '--timeout=120s']), /failed/);
        assert.match(
          cluster.node.logs(releaseNamespace, 'hallmark-test'),
          /FAILED +SigningPolicy team-a\/broken: KeyNotFound/,
        );
        await cluster.kubectl(['delete', 'signingpolicy', 'broken', '-n', 'team-a']);
      });
    }

    it('nothing that it tried was forbidden', () => {
      const log = cluster.node.logs(releaseNamespace, 'hallmark-');
      assert.match(log, /"message":"working"/);
      assert.doesNotMatch(log, /forbidden/i);
    });

    if (mode === 'with a ClusterRole') {
      it('its metrics say of each team which policy and backend is broken, from one pod alone', async () => {
        await breakTeams(cluster);
        const expected = [
          condition('SigningPolicy', 'team-a', 'builds', 'True'),
          condition('SigningPolicy', 'team-b', 'builds', 'True'),
          condition('SigningPolicy', 'team-c', 'builds', 'False'),
          condition('SigningPolicy', 'team-d', 'builds', 'False'),
          condition('StorageBackend', 'team-a', 'tekton', 'True'),
          condition('StorageBackend', 'team-b', 'tekton', 'True'),
          condition('StorageBackend', 'team-c', 'tekton', 'True'),
          condition('StorageBackend', 'team-d', 'tekton', 'False'),
        ];
        const ready = async (): Promise<readonly string[]> =>
          (await scraped(cluster.node, 'hallmark_condition')).filter((line) => line.includes('type="Ready"'));
        const isShown = async (): Promise<boolean> => (await ready()).toSorted().join() === expected.toSorted().join();
        await waitUntil('the conditions are shown', isShown, { timeoutSeconds: 60 });
        const count = (await scraped(cluster.node, 'hallmark_run_stored_seconds_count')).map(
          (line) => line.split(' ')[1],
        );
        assert.ok(count.map(Number).reduce((sum, each) => sum + each, 0) >= 1, 'the stored run is counted');
        assert.match(
          (await scraped(cluster.node, 'hallmark_build_info')).join(),
          /version="\d+\.\d+\.\d+",node_version="v24/,
        );
      });

      it('its Events say so too, and say that it is mended', async () => {
        const about = async (namespace: string, kind: string): Promise<string> => {
          const fields = `involvedObject.kind=${kind}`;
          const path = 'jsonpath={range .items[*]}{.type} {.reason}: {.message}{"\\n"}{end}';
          return (await cluster.kubectl(['get', 'events', '-n', namespace, '--field-selector', fields, '-o', path]))
            .stdout;
        };
        assert.match(await about('team-c', 'SigningPolicy'), /^Warning KeyNotFound: .*signing-secrets/m);
        assert.match(await about('team-d', 'StorageBackend'), /^Warning EndpointForbidden: /m);
        assert.match(await about('team-a', 'StorageBackend'), /^Normal Ready: /m);
        await cluster.create(keySecret('team-c'));
        const ready = ['wait', '--for=condition=Ready', 'signingpolicy/builds', '-n', 'team-c', '--timeout=90s'];
        await cluster.kubectl(ready);
        await waitUntil(
          'the Event of the recovery is there',
          async () => (await about('team-c', 'SigningPolicy')).includes('Normal Ready: recovered from KeyNotFound'),
          { timeoutSeconds: 90 },
        );
      });

      it('its metrics forget what is deleted', async () => {
        await cluster.kubectl(['delete', 'signingpolicies,storagebackends', '--all', '-n', 'team-d']);
        const isGone = async (): Promise<boolean> =>
          !(await scraped(cluster.node, 'hallmark_condition')).some((line) => line.includes('namespace="team-d"'));
        await waitUntil('the series are gone', isGone, { timeoutSeconds: 60 });
      });
    }

    if (mode === 'in namespaced mode') {
      it('a run of another namespace is left alone', async () => {
        for (const object of [keySecret('team-b'), backend('team-b'), policy('team-b')]) await cluster.create(object);
        await cluster.create(run('team-b', 'build-1'));
        await cluster.kubectl([
          'wait',
          '--for=condition=Succeeded',
          'taskrun/build-1',
          '-n',
          'team-b',
          '--timeout=90s',
        ]);
        // A later run of the watched namespace is through: the operator has had its time.
        await cluster.create(run('team-a', 'build-2'));
        await waitUntil('the later run is recorded', async () => (await records(cluster, 'team-a')).length === 2);
        assert.deepEqual(await records(cluster, 'team-b'), []);
        const untouched = await cluster.json(['get', 'signingpolicy', 'builds', '-n', 'team-b']);
        assert.equal(at(untouched, 'status'), undefined);
      });
    }
  });
}
