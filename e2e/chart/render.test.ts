// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { valueSets } from '../../codegen/chart/value-sets.ts';
import { effectiveRetention } from '../../src/api/v1alpha1/signing-policy/retention.ts';
import {
  loadOperatorConfiguration,
  parseOperatorConfiguration,
  type OperatorConfiguration,
} from '../../src/config/operator-configuration.ts';
import { at, listAt, manifests, releaseNamespace, titleOf, type Manifest } from './helm.ts';

const isCrd = (manifest: Manifest): boolean => manifest['kind'] === 'CustomResourceDefinition';

async function titles(entries: readonly string[]): Promise<readonly string[]> {
  return (await manifests(entries))
    .filter((manifest) => !isCrd(manifest))
    .map(titleOf)
    .toSorted();
}

async function only(kind: string, entries: readonly string[] = []): Promise<Manifest> {
  const found = (await manifests(entries)).filter((manifest) => manifest['kind'] === kind);
  assert.equal(found.length, 1, `one ${kind}`);
  return found[0] ?? {};
}

/** The rendered configuration file, read as the operator reads it. */
async function configuration(entries: readonly string[]): Promise<OperatorConfiguration> {
  const text = at(await only('ConfigMap', entries), 'data', 'config.yaml');
  return parseOperatorConfiguration(String(text), 'config.yaml', { POD_NAMESPACE: releaseNamespace });
}

const podOf = (deployment: Manifest): unknown => at(deployment, 'spec', 'template', 'spec');

describe('what the chart renders', () => {
  it('for a whole cluster', async () => {
    assert.deepEqual(await titles([]), [
      'ClusterRole/hallmark-system-hallmark',
      'ClusterRole/hallmark-system-hallmark-edit',
      'ClusterRole/hallmark-system-hallmark-view',
      'ClusterRoleBinding/hallmark-system-hallmark',
      'ConfigMap/hallmark-system/hallmark',
      'Deployment/hallmark-system/hallmark',
      'FlowSchema/hallmark-system-hallmark',
      'FlowSchema/hallmark-system-hallmark-leases',
      'PodDisruptionBudget/hallmark-system/hallmark',
      'PriorityLevelConfiguration/hallmark-system-hallmark',
      'Role/hallmark-system/hallmark-own',
      'RoleBinding/hallmark-system/hallmark-own',
      'Service/hallmark-system/hallmark-metrics',
      'ServiceAccount/hallmark-system/hallmark',
      'ValidatingAdmissionPolicy/hallmark-system-hallmark-records',
      'ValidatingAdmissionPolicyBinding/hallmark-system-hallmark-records',
    ]);
  });

  it('for two namespaces has roles there alone', async () => {
    const rendered = await titles(valueSets['namespaced'] ?? []);
    assert.deepEqual(
      rendered.filter((title) => title.includes('Role')),
      [
        'Role/hallmark-system/hallmark-own',
        'Role/team-a/hallmark-system-hallmark',
        'Role/team-b/hallmark-system-hallmark',
        'RoleBinding/hallmark-system/hallmark-own',
        'RoleBinding/team-a/hallmark-system-hallmark',
        'RoleBinding/team-b/hallmark-system-hallmark',
      ],
    );
  });

  it('can do without any cluster-wide object', async () => {
    const rendered = await manifests(valueSets['namespaced, without cluster-wide objects'] ?? []);
    assert.ok(rendered.length > 0);
    assert.deepEqual(
      rendered.filter((manifest) => at(manifest, 'metadata', 'namespace') === undefined).map(titleOf),
      [],
    );
  });

  it('has no disruption budget for one replica, which a drain could never satisfy', async () => {
    const rendered = await titles(['replicas=1']);
    assert.ok(!rendered.some((title) => title.startsWith('PodDisruptionBudget')));
  });

  it('names the image by digest alone when there is one', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const deployment = await only('Deployment', ['image.tag="v9"', `image.digest="${digest}"`]);
    assert.equal(at(podOf(deployment), 'containers', 0, 'image'), `registry.hallmark.dev/hallmark@${digest}`);
  });

  it('keeps the restricted pod security standard', async () => {
    const pod = podOf(await only('Deployment'));
    assert.deepEqual(at(pod, 'securityContext'), {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.deepEqual(at(pod, 'containers', 0, 'securityContext'), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('starts new pods when the configuration changes, and only then', async () => {
    const annotations = async (entries: readonly string[]) =>
      at(await only('Deployment', entries), 'spec', 'template', 'metadata', 'annotations');
    const before = await annotations([]);
    assert.deepEqual(await annotations(['podDisruptionBudget.maxUnavailable=2']), before);
    assert.notDeepEqual(await annotations(['config.log.level="debug"']), before);
  });

  it('keeps its own labels where podLabels names the same, so that the selectors still match', async () => {
    const deployment = await only('Deployment', valueSets['every pod setting'] ?? []);
    const labels = at(deployment, 'spec', 'template', 'metadata', 'labels');
    assert.equal(at(labels, 'app.kubernetes.io/name'), 'hallmark');
    assert.equal(at(labels, 'team'), 'platform');
  });

  it('writes the configuration file that the values describe', async () => {
    const file = await configuration(['watchNamespaces=["team-a"]', 'config.concurrency.runs=3']);
    assert.deepEqual(file.watchNamespaces, ['team-a']);
    assert.equal(file.concurrency.runs, 3);
    assert.equal(file.http.port, 8080);
  });

  it('writes the default and the limit for the retention of records, each for itself', async () => {
    const kept = await configuration(['config.records.retention.default.type="Keep"']);
    assert.equal(effectiveRetention(undefined, kept.records.retention).retention, 'Keep');
    const limited = await configuration(['config.records.retention.maxSeconds=86400']);
    const day = { retention: 'Seconds', seconds: 86_400 };
    assert.deepEqual(effectiveRetention(undefined, limited.records.retention), day);
  });

  it('gives the operator its own defaults when no value is set', async () => {
    const environment = { POD_NAMESPACE: releaseNamespace };
    assert.deepEqual(await configuration([]), await loadOperatorConfiguration(undefined, environment));
  });

  it('guards the records for the account that the operator runs as, whatever it is called', async () => {
    const policy = await only('ValidatingAdmissionPolicy', ['serviceAccount.name="signer"']);
    const condition = at(policy, 'spec', 'matchConditions', 0, 'expression');
    assert.equal(condition, "request.userInfo.username != 'system:serviceaccount:hallmark-system:signer'");
    const pod = podOf(await only('Deployment', ['serviceAccount.name="signer"']));
    assert.equal(at(pod, 'serviceAccountName'), 'signer');
  });

  it('lets other pods reach the probes and the metrics alone, by the names that the container gives its ports', async () => {
    const spec = at(await only('NetworkPolicy', ['networkPolicy.enabled=true']), 'spec');
    assert.deepEqual(at(spec, 'policyTypes'), ['Ingress']);
    const deployment = await only('Deployment');
    assert.deepEqual(at(spec, 'podSelector'), at(deployment, 'spec', 'selector'));
    const open = listAt(spec, 'ingress').map((rule) => at(rule, 'ports', 0, 'port'));
    const ports = listAt(podOf(deployment), 'containers', 0, 'ports').map((port) => at(port, 'name'));
    assert.deepEqual(open, ports);
  });

  it('limits who reads the metrics and what the operator connects to, once the values say so', async () => {
    const entries = valueSets['a network policy for both directions'] ?? [];
    const spec = at(await only('NetworkPolicy', entries), 'spec');
    assert.deepEqual(at(spec, 'policyTypes'), ['Ingress', 'Egress']);
    assert.equal(at(spec, 'ingress', 0, 'from'), undefined);
    const monitoring = { 'kubernetes.io/metadata.name': 'monitoring' };
    assert.deepEqual(at(spec, 'ingress', 1, 'from', 0, 'namespaceSelector', 'matchLabels'), monitoring);
    assert.equal(listAt(spec, 'egress').length, 2);
  });

  it('gives the account that the operator runs as a level of its own at the API server, and no account in namespaced mode', async () => {
    const rendered = await manifests(['serviceAccount.name="signer"']);
    const schemas = rendered.filter(({ kind }) => kind === 'FlowSchema');
    assert.equal(schemas.length, 2);
    for (const schema of schemas) {
      const account = at(schema, 'spec', 'rules', 0, 'subjects', 0, 'serviceAccount');
      assert.deepEqual(account, { name: 'signer', namespace: releaseNamespace });
    }
    for (const entries of [['apiPriority.enabled=false'], valueSets['namespaced'] ?? []])
      assert.deepEqual(
        (await titles(entries)).filter((title) => /^(FlowSchema|PriorityLevel)/.test(title)),
        [],
      );
  });

  it('leaves the CRDs out when they are not wanted, and keeps them on uninstall when they are', async () => {
    const crds = (await manifests()).filter(isCrd);
    assert.equal(crds.length, 6);
    for (const crd of crds)
      assert.equal(at(crd, 'metadata', 'annotations', 'helm.sh/resource-policy'), 'keep', titleOf(crd));
    assert.deepEqual((await manifests(['crds.enabled=false'])).filter(isCrd), []);
  });
});

const refused: Readonly<Record<string, { entry: string; complaint: RegExp }>> = {
  'a value that does not exist': { entry: 'replicaCount=3', complaint: /replicaCount/ },
  'a misspelt nested value': { entry: 'config.log.lvl="info"', complaint: /lvl/ },
  'a negative number of replicas': { entry: 'replicas=-1', complaint: /\/replicas/ },
  'replicas as text': { entry: 'replicas="2"', complaint: /\/replicas/ },
  'an unknown retention': {
    entry: 'config.records.retention.default.type="Year"',
    complaint: /\/config\/records\/retention\/default\/type/,
  },
  'an unknown log level': { entry: 'config.log.level="verbose"', complaint: /\/config\/log\/level/ },
  'a namespace that cannot exist': { entry: 'watchNamespaces=["Team A"]', complaint: /\/watchNamespaces\/0/ },
  'a namespace named twice': { entry: 'watchNamespaces=["a","a"]', complaint: /\/watchNamespaces/ },
  'a digest without its algorithm': { entry: 'image.digest="0123"', complaint: /\/image\/digest/ },
  'a repository with a digest': {
    entry: 'image.repository="r.example.com/h@sha256:00"',
    complaint: /\/image\/repository/,
  },
  'a name that leaves no room for suffixes': {
    entry: `fullnameOverride="${'x'.repeat(53)}"`,
    complaint: /\/fullnameOverride/,
  },
  'a removed group': { entry: 'config.leaderElection=null', complaint: /leaderElection/ },
  'several replicas without leader election': {
    entry: 'config.leaderElection.enabled=false',
    complaint: /leaderElection\.enabled must be true when replicas is above 1/,
  },
  'a shutdown longer than the grace period': {
    entry: 'terminationGracePeriodSeconds=10',
    complaint: /shutdownGraceSeconds must be below terminationGracePeriodSeconds/,
  },
  'names of Secrets in a namespace that is not watched': {
    entry: 'rbac.secretNames={"team-a":["signing-secrets"]}',
    complaint: /rbac\.secretNames names team-a, which is not in watchNamespaces/,
  },
  'no name for an account that is not created': {
    entry: 'serviceAccount.create=false',
    complaint: /serviceAccount\.name must name the ServiceAccount/,
  },
};

describe('the chart refuses', () => {
  for (const [what, { entry, complaint }] of Object.entries(refused)) {
    it(what, async () => {
      await assert.rejects(manifests([entry]), complaint);
    });
  }

  it('nothing that Helm itself adds for a chart that is a dependency', async () => {
    assert.ok((await manifests(['global={"region":"eu"}'])).length > 0);
  });
});
