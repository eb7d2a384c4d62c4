// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { ChartCluster, nodeAgent } from './chart-cluster.ts';
import { asManifest, at, releaseNamespace, type Manifest } from './helm.ts';

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
      for (const namespace of ['team-a', 'team-b']) await cluster.kubectl(['create', 'namespace', namespace]);
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

    it('nothing that it tried was forbidden', () => {
      const log = cluster.node.logs(releaseNamespace, 'hallmark-');
      assert.match(log, /"message":"working"/);
      assert.doesNotMatch(log, /forbidden/i);
    });

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
