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
import { asManifest, at, listAt, manifests, releaseNamespace, titleOf, type Manifest } from './helm.ts';
import { restrictedV2Violations } from './restricted-v2.ts';

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

/** The objects of `helm test`, which `helm template` shows with the rest. */
const testTitles = [
  'ClusterRole/hallmark-system-hallmark-test',
  'ClusterRoleBinding/hallmark-system-hallmark-test',
  'Pod/hallmark-system/hallmark-test',
  'Role/hallmark-system/hallmark-test',
  'RoleBinding/hallmark-system/hallmark-test',
  'ServiceAccount/hallmark-system/hallmark-test',
];

const podOf = (deployment: Manifest): unknown => at(deployment, 'spec', 'template', 'spec');

describe('what the chart renders', () => {
  it('for a whole cluster', async () => {
    const rendered = [
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
    ];
    assert.deepEqual(await titles([]), [...rendered, ...testTitles].toSorted());
    assert.deepEqual(await titles(['tests.enabled=false']), rendered);
  });

  it('for two namespaces has roles there alone', async () => {
    const rendered = await titles(valueSets['namespaced'] ?? []);
    assert.deepEqual(
      rendered.filter((title) => title.includes('Role')),
      [
        'Role/hallmark-system/hallmark-own',
        'Role/hallmark-system/hallmark-test',
        'Role/team-a/hallmark-system-hallmark',
        'Role/team-a/hallmark-system-hallmark-test',
        'Role/team-b/hallmark-system-hallmark',
        'RoleBinding/hallmark-system/hallmark-own',
        'RoleBinding/hallmark-system/hallmark-test',
        'RoleBinding/team-a/hallmark-system-hallmark',
        'RoleBinding/team-a/hallmark-system-hallmark-test',
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

  it('takes the registry that the charts of a parent share, for the operator and for the test', async () => {
    const images = async (entries: readonly string[]): Promise<readonly unknown[]> => {
      const pods = [podOf(await only('Deployment', entries)), at(await only('Pod', entries), 'spec')];
      return [...new Set(pods.map((pod) => at(pod, 'containers', 0, 'image')))];
    };
    const mirror = ['global={"imageRegistry":"mirror.example:5000/proxied/"}', 'image.tag="v9"'];
    for (const [repository, expected] of [
      ['registry.hallmark.dev/hallmark', 'mirror.example:5000/proxied/hallmark:v9'],
      ['localhost/team/hallmark', 'mirror.example:5000/proxied/team/hallmark:v9'],
      ['team/hallmark', 'mirror.example:5000/proxied/team/hallmark:v9'],
    ])
      assert.deepEqual(await images([...mirror, `image.repository="${repository}"`]), [expected]);
    const none = ['global={"imageRegistry":""}', 'image.tag="v9"'];
    assert.deepEqual(await images(none), ['registry.hallmark.dev/hallmark:v9']);
  });

  it('keeps the restricted pod security standard', async () => {
    const pod = podOf(await only('Deployment'));
    assert.deepEqual(at(pod, 'securityContext'), {
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.deepEqual(at(pod, 'containers', 0, 'securityContext'), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('asks for no user or group that OpenShift would refuse, in the pods of the operator and of the test', async () => {
    const range = { first: 1_000_650_000, size: 10_000 };
    for (const entries of [[], ['watchNamespaces=["team-a"]']]) {
      const pods = [podOf(await only('Deployment', entries)), at(await only('Pod', entries), 'spec')];
      assert.deepEqual(
        pods.map((pod) => restrictedV2Violations(pod, range)),
        [[], []],
      );
    }
    const fixed = ['podSecurityContext={"runAsUser":65532,"fsGroup":65532}', 'volumes=[{"name":"x","hostPath":{}}]'];
    assert.deepEqual(restrictedV2Violations(podOf(await only('Deployment', fixed)), range), [
      'pod: runAsUser 65532 is outside the range of the namespace',
      'pod: fsGroup 65532 is not that of the namespace',
      'volume of type hostPath',
    ]);
  });

  it('takes security contexts from the values, key by key', async () => {
    const entries = ['podSecurityContext={"fsGroup":1234}', 'containerSecurityContext={"runAsUser":1234}'];
    for (const pod of [podOf(await only('Deployment', entries)), at(await only('Pod', entries), 'spec')]) {
      assert.equal(at(pod, 'securityContext', 'fsGroup'), 1234);
      assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true);
      assert.equal(at(pod, 'containers', 0, 'securityContext', 'runAsUser'), 1234);
      assert.equal(at(pod, 'containers', 0, 'securityContext', 'readOnlyRootFilesystem'), true);
    }
  });

  it('gives every object but the CRDs the common labels, which never replace its own', async () => {
    const entries = [
      'commonLabels={"cost-centre":"42","app.kubernetes.io/instance":"other"}',
      'networkPolicy.enabled=true',
    ];
    for (const manifest of (await manifests(entries)).filter((each) => !isCrd(each))) {
      const labels = at(manifest, 'metadata', 'labels');
      assert.equal(at(labels, 'cost-centre'), '42', titleOf(manifest));
      assert.equal(at(labels, 'app.kubernetes.io/instance'), 'hallmark', titleOf(manifest));
    }
  });

  it('keeps a number or a share of the pods available, once a value says so', async () => {
    const budget = async (entries: readonly string[]) => at(await only('PodDisruptionBudget', entries), 'spec');
    const share = await budget(['podDisruptionBudget.minAvailable="50%"']);
    assert.deepEqual([at(share, 'minAvailable'), at(share, 'maxUnavailable')], ['50%', undefined]);
    const standard = await budget([]);
    assert.deepEqual([at(standard, 'minAvailable'), at(standard, 'maxUnavailable')], [undefined, 1]);
  });

  it('renders further objects as templates, from data and from text', async () => {
    const maps = (await manifests(valueSets['further objects'] ?? [])).filter(({ kind }) => kind === 'ConfigMap');
    assert.deepEqual(
      maps.map((map) => at(map, 'metadata', 'name')),
      ['hallmark', 'hallmark-note', 'second'],
    );
    assert.equal(at(maps[2], 'metadata', 'labels', 'app.kubernetes.io/name'), 'hallmark');
  });

  it('keeps the pod of the test apart from the pods that the selectors choose', async () => {
    const labels = at(await only('Pod'), 'metadata', 'labels');
    const selector = at(await only('Deployment'), 'spec', 'selector', 'matchLabels');
    assert.notEqual(at(labels, 'app.kubernetes.io/name'), at(selector, 'app.kubernetes.io/name'));
    const hooks = (await manifests()).filter((each) => at(each, 'metadata', 'annotations', 'helm.sh/hook') === 'test');
    assert.equal(hooks.length, testTitles.length);
    for (const hook of hooks) {
      const policy = at(hook, 'metadata', 'annotations', 'helm.sh/hook-delete-policy');
      assert.equal(policy, 'before-hook-creation,hook-succeeded', titleOf(hook));
    }
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

  it('names the proxy in the configuration, and its login in a Secret alone', async () => {
    const entries = valueSets['a proxy'] ?? [];
    const { proxy } = (await configuration(entries)).outbound;
    assert.deepEqual(proxy, {
      url: 'http://proxy.example.com:3128',
      noProxy: ['*.svc', '10.0.0.0/8'],
      nameResolution: 'Proxy',
      caFile: '',
    });
    const env = listAt(podOf(await only('Deployment', entries)), 'containers', 0, 'env').slice(2);
    const from = (key: string) => ({ secretKeyRef: { name: 'proxy-login', key } });
    assert.deepEqual(env, [
      { name: 'HALLMARK_PROXY_USERNAME', valueFrom: from('username') },
      { name: 'HALLMARK_PROXY_PASSWORD', valueFrom: from('password') },
    ]);
  });

  it('takes hosts, ranges and URLs in all their forms', async () => {
    const allow = [
      'registry',
      'registry.example.com:5000',
      '10.0.0.0/8',
      'fd00::/8',
      '[fd00::1]:443',
      'bücher.example',
    ];
    const file = await configuration([
      `config.outbound.allow=${JSON.stringify(allow)}`,
      'config.tokens.destinations=[{"audience":"sigstore","hosts":["*.example.com","fulcio.example:8080"]}]',
      'config.transparency.logs=["https://rekor.sigstore.dev","http://rekor.example:3000/v1"]',
    ]);
    assert.deepEqual(file.outbound.allow, allow);
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

  it('has the Prometheus operator scrape the port of the metrics of its pods alone, and keep the namespaces of teams', async () => {
    const monitor = at(await only('ServiceMonitor', ['monitoring.serviceMonitor.enabled=true']), 'spec');
    const service = await only('Service');
    const labels = asManifest(at(service, 'metadata', 'labels'));
    const selected = asManifest(at(monitor, 'selector', 'matchLabels'));
    assert.deepEqual({ ...labels, ...selected }, labels);
    const deployment = await only('Deployment');
    assert.deepEqual(at(service, 'spec', 'selector'), at(deployment, 'spec', 'selector', 'matchLabels'));
    const [endpoint, ...others] = listAt(monitor, 'endpoints');
    assert.deepEqual(others, []);
    assert.equal(at(endpoint, 'honorLabels'), true);
    const ports = listAt(service, 'spec', 'ports').filter((port) => at(port, 'name') === at(endpoint, 'port'));
    const opened = listAt(podOf(deployment), 'containers', 0, 'ports').map((port) => at(port, 'name'));
    assert.ok(opened.includes(at(ports[0], 'targetPort')));
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
  'a host that is none': { entry: 'config.outbound.allow=["not a host!"]', complaint: /\/config\/outbound\/allow\/0/ },
  'a range that is none': { entry: 'config.outbound.deny=["10.0.0.0/33"]', complaint: /\/config\/outbound\/deny\/0/ },
  'the URL of a host': { entry: 'config.outbound.allow=["http://x/y"]', complaint: /\/config\/outbound\/allow\/0/ },
  'a log without a scheme': {
    entry: 'config.transparency.logs=["rekor.sigstore.dev"]',
    complaint: /\/config\/transparency\/logs\/0/,
  },
  'the URL of a host that receives tokens': {
    entry: 'config.tokens.destinations=[{"audience":"sigstore","hosts":["https://fulcio.sigstore.dev"]}]',
    complaint: /\/config\/tokens\/destinations\/0\/hosts\/0/,
  },
  'credentials in the URL of the proxy': {
    entry: 'config.outbound.proxy.url="http://user:secret@proxy:3128"',
    complaint: /\/config\/outbound\/proxy\/url/,
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
  'a test of a namespace that is not watched': {
    entry: 'tests.namespace="team-z"',
    complaint: /tests\.namespace is team-z, which is not in watchNamespaces/,
  },
  'a share of pods that is none': {
    entry: 'podDisruptionBudget.minAvailable="half"',
    complaint: /\/podDisruptionBudget\/minAvailable/,
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
