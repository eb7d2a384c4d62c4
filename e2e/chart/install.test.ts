// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { installManifest } from '../../codegen/chart/install-manifest.ts';
import { valueSets } from '../../codegen/chart/value-sets.ts';
import { untilEstablished } from '../testbed/control-plane/until-established.ts';
import { monitoringKinds } from '../testbed/prometheus-operator/monitoring-kinds.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { ChartCluster } from './chart-cluster.ts';
import { at, chart, listAt, releaseNamespace, render } from './helm.ts';

const crds = [
  'clustersigningpolicies.hallmark.dev',
  'clusterstoragebackends.hallmark.dev',
  'policyceilings.hallmark.dev',
  'provenancerecords.hallmark.dev',
  'signingpolicies.hallmark.dev',
  'storagebackends.hallmark.dev',
];

const policy = {
  apiVersion: 'hallmark.dev/v1alpha1',
  kind: 'SigningPolicy',
  metadata: { name: 'builds', namespace: 'team-a' },
  spec: { signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } } },
};

/** A copy of the chart whose SigningPolicy is still without its short name, as an earlier version might have been. */
function earlierChart(folder: string): string {
  cpSync(chart, folder, { recursive: true });
  const path = join(folder, 'templates', 'crds', 'signingpolicies.yaml');
  const text = readFileSync(path, 'utf8');
  const earlier = text.replace(/ {4}shortNames:\n {6}- sp\n/, '');
  assert.notEqual(earlier, text);
  writeFileSync(path, earlier);
  return folder;
}

async function establishedKinds(cluster: ChartCluster): Promise<readonly string[]> {
  const args = ['get', 'crd', '-o', 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'];
  const { stdout } = await cluster.kubectl(args);
  return stdout.split('\n').filter((name) => name.endsWith('.hallmark.dev'));
}

describe('everything that the chart renders is taken by the API server', () => {
  let cluster: ChartCluster;
  before(async () => {
    cluster = await ChartCluster.start('chart-dry-run');
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], { stdin: await monitoringKinds() });
    await untilEstablished((args) => cluster.kubectl(args), ['crd', '--all']);
    for (const namespace of [releaseNamespace, 'team-a', 'team-b']) {
      await cluster.kubectl(['create', 'namespace', namespace]);
      await cluster.kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/warn=restricted']);
    }
  });
  after(() => cluster.stop());

  // A dry run makes no ServiceAccount, without which no pod is admitted.
  const withoutTest = 'tests.enabled=false';
  /** Objects that the API server took. Most are the same in the next installation, and it need not take them again. */
  const taken = new Set<string>();
  const rendered = async (entries: readonly string[]): Promise<readonly string[]> =>
    (await render([withoutTest, ...entries])).split(/^---\n/m);
  const isDeployment = (object: string): boolean => /^kind: Deployment$/m.test(object);
  const apply = (stdin: string) =>
    cluster.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], { stdin });

  for (const [name, entries] of Object.entries(valueSets)) {
    it(`${name}, without a warning about pod security or anything else`, async () => {
      const objects = await rendered(entries);
      assert.ok(objects.some(isDeployment));
      const others = objects.filter((object) => !taken.has(object));
      if (others.some((object) => /^kind:/m.test(object))) {
        const { stderr, stdout } = await apply(others.join('---\n'));
        assert.equal(stderr, '');
        assert.match(stdout, /serverside-applied/);
      }
      for (const object of objects) taken.add(object);
    });
  }

  it('while a pod that may be root would give a warning', async () => {
    const deployment = (await rendered([])).find(isDeployment) ?? '';
    const { stderr } = await apply(deployment.replace('runAsNonRoot: true', 'runAsNonRoot: false'));
    assert.match(stderr, /would violate PodSecurity "restricted/);
  });
});

describe('the plain manifest', () => {
  let cluster: ChartCluster;
  let text: string;
  before(async () => {
    text = await installManifest(['--set', `image.digest=sha256:${'a'.repeat(64)}`]);
    cluster = await ChartCluster.start('plain-manifest');
  });
  after(() => cluster.stop());

  const apply = () => cluster.kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], { stdin: text });
  const versions = async (): Promise<unknown> => {
    const kinds = 'crd,deployment,configmap,role,clusterrole,validatingadmissionpolicy';
    const label = 'app.kubernetes.io/name=hallmark';
    const list = await cluster.json(['get', kinds, '-A', '-l', label]);
    return listAt(list, 'items').map((item) => [at(item, 'metadata', 'uid'), at(item, 'metadata', 'generation')]);
  };

  it('is applied to an empty cluster at once, namespace and definitions included', async () => {
    const { stdout, stderr } = await apply();
    assert.equal(stderr, '');
    assert.match(stdout, /^namespace\/hallmark-system serverside-applied/);
    assert.deepEqual(await establishedKinds(cluster), crds);
    // The image does not exist, so the pods do not start; they are admitted by the restricted standard.
    const pods = async (): Promise<number> =>
      listAt(await cluster.json(['get', 'pods', '-n', releaseNamespace]), 'items').length;
    await waitUntil('both pods are admitted', async () => (await pods()) === 2);
  });

  it('changes nothing when it is applied again, and claims nothing for Helm', async () => {
    const before = await versions();
    await apply();
    assert.deepEqual(await versions(), before);
    assert.doesNotMatch(text, /helm\.sh|managed-by: Helm|hallmark-test/);
  });

  it('gives way to a release of the chart that takes its objects over', async () => {
    const { stdout } = await cluster.helm(['install', 'hallmark', chart, '--take-ownership', '--force-conflicts']);
    assert.match(stdout, /STATUS: deployed/);
  });
});

describe('a release', () => {
  let cluster: ChartCluster;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-chart-'));
    cluster = await ChartCluster.start('chart-release');
    await cluster.kubectl(['create', 'namespace', 'team-a']);
  });
  after(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const shortNames = async (): Promise<unknown> =>
    at(await cluster.json(['get', 'crd', 'signingpolicies.hallmark.dev']), 'spec', 'names', 'shortNames');
  const established = (): Promise<readonly string[]> => establishedKinds(cluster);

  it('is installed with its CRDs and says what to do next', async () => {
    const earlier = earlierChart(join(folder, 'hallmark'));
    const { stdout } = await cluster.helm(['install', 'hallmark', earlier, '--create-namespace']);
    assert.match(stdout, /rollout status deployment\/hallmark/);
    assert.deepEqual(await established(), crds);
    await untilEstablished((args) => cluster.kubectl(args), ['crd', ...crds]);
    assert.equal(await shortNames(), undefined);
    await cluster.create(policy);
  });

  it('is upgraded with its CRDs, and policies stay', async () => {
    await cluster.helm(['upgrade', 'hallmark', chart]);
    assert.deepEqual(await shortNames(), ['sp']);
    await cluster.kubectl(['get', 'signingpolicy', 'builds', '-n', 'team-a']);
  });

  it('changes nothing when it is upgraded to what it is', async () => {
    const args = ['get', 'deployment,configmap,role,rolebinding', '-n', releaseNamespace, '-o'];
    const versions = 'jsonpath={range .items[*]}{.metadata.name} {.metadata.generation} {.data}{.rules}{"\\n"}{end}';
    const before = await cluster.kubectl([...args, versions]);
    await cluster.helm(['upgrade', 'hallmark', chart]);
    assert.deepEqual(await cluster.kubectl([...args, versions]), before);
  });

  it('is switched to namespaced mode and back without leftovers', async () => {
    await cluster.helm(['upgrade', 'hallmark', chart, '--set-json', 'watchNamespaces=["team-a"]']);
    const clusterRoles = async (): Promise<string> => {
      const label = 'app.kubernetes.io/instance=hallmark';
      return (await cluster.kubectl(['get', 'clusterrole,clusterrolebinding', '-l', label, '-o', 'name'])).stdout;
    };
    assert.equal(await clusterRoles(), '');
    await cluster.kubectl(['get', 'role', 'hallmark-system-hallmark', '-n', 'team-a']);
    await cluster.helm(['upgrade', 'hallmark', chart, '--reset-values']);
    assert.match(await clusterRoles(), /clusterrole\S+\/hallmark-system-hallmark\n/);
    await assert.rejects(cluster.kubectl(['get', 'role', 'hallmark-system-hallmark', '-n', 'team-a']), /NotFound/);
  });

  it('is uninstalled and leaves the CRDs and what users made, and nothing else', async () => {
    await cluster.helm(['uninstall', 'hallmark']);
    assert.deepEqual(await established(), crds);
    await cluster.kubectl(['get', 'signingpolicy', 'builds', '-n', 'team-a']);
    const kinds =
      'deployment,configmap,service,serviceaccount,role,rolebinding,clusterrole,clusterrolebinding,poddisruptionbudget,' +
      'validatingadmissionpolicy,validatingadmissionpolicybinding';
    const label = 'app.kubernetes.io/instance=hallmark';
    const { stdout } = await cluster.kubectl(['get', kinds, '-A', '-l', label, '-o', 'name']);
    assert.equal(stdout, '');
  });

  it('is installed again over the CRDs that stayed', async () => {
    await cluster.install();
    assert.deepEqual(await established(), crds);
    await cluster.kubectl(['get', 'signingpolicy', 'builds', '-n', 'team-a']);
  });
});
