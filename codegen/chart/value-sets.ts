// SPDX-License-Identifier: Apache-2.0
/** A container that the restricted pod security standard admits. */
const sidecar = (name: string): string =>
  JSON.stringify({
    name,
    image: 'registry.example.com/agent',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  });

/** The installations to check the chart with: each name is the special feature, each entry a `--set-json` argument. */
export const valueSets: Readonly<Record<string, readonly string[]>> = {
  default: [],
  namespaced: ['watchNamespaces=["team-a","team-b"]'],
  'namespaced, without cluster-wide objects': [
    'watchNamespaces=["team-a"]',
    'crds.enabled=false',
    'admissionPolicy.enabled=false',
  ],
  'watching its own namespace': ['watchNamespaces=["hallmark-system"]'],
  'the longest name': [`fullnameOverride="${'x'.repeat(52)}"`],
  'one replica, image by digest': ['replicas=1', `image.digest="sha256:${'0123456789abcdef'.repeat(4)}"`],
  'without CRDs and user roles': ['crds.enabled=false', 'rbac.userRoles=false'],
  'every admission policy': [
    'admissionPolicy.runStatus={"enabled":true,"customRunWriters":["approvals/controller"]}',
    'admissionPolicy.runLabels={"enabled":true,"keys":["release","example.com/*"],"writers":["ci/labels"]}',
    'admissionPolicy.runAnnotations.enabled=true',
    'admissionPolicy.ceilings.enabled=true',
  ],
  'every admission policy, namespaced': [
    'watchNamespaces=["team-a"]',
    'admissionPolicy.runStatus.enabled=true',
    'admissionPolicy.runLabels.enabled=true',
    'admissionPolicy.runAnnotations.enabled=true',
  ],
  'a network policy': ['networkPolicy.enabled=true'],
  'a network policy for both directions': [
    'networkPolicy.enabled=true',
    'networkPolicy.metricsFrom=[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}}]',
    'networkPolicy.egress=[{"ports":[{"port":443,"protocol":"TCP"}]},{"ports":[{"port":53,"protocol":"UDP"}]}]',
  ],
  monitoring: [
    'monitoring.serviceMonitor={"enabled":true,"intervalSeconds":15,"labels":{"release":"prometheus"}}',
    'monitoring.alerts={"enabled":true,"labels":{"release":"prometheus"}}',
    'monitoring.dashboard={"enabled":true,"annotations":{"grafana_folder":"Supply chain"}}',
  ],
  'without a level of its own at the API server': ['apiPriority.enabled=false'],
  'the narrowest rights': [
    'watchNamespaces=["team-a","team-b"]',
    'rbac.patchRuns=false',
    'rbac.secretNames={"team-a":["signing-secrets","registry"]}',
  ],
  'the notes of children recorded': ['rbac.recordNotes=true'],
  'rights and account from elsewhere': [
    'rbac.create=false',
    'serviceAccount.create=false',
    'serviceAccount.name="hallmark-operator"',
  ],
  'further objects': [
    'extraObjects=[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{ .Release.Name }}-note","namespace":"{{ .Release.Namespace }}"}},' +
      '"apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: second\\n  labels: {{- include \\"hallmark.labels\\" . | nindent 4 }}\\n"]',
  ],
  'a proxy': [
    'config.outbound.proxy={"url":"http://proxy.example.com:3128","noProxy":["*.svc","10.0.0.0/8"],"nameResolution":"Proxy"}',
    'proxy.credentialsSecret="proxy-login"',
  ],
  'without tests': ['tests.enabled=false'],
  'every pod setting': [
    'fullnameOverride="signer"',
    'imagePullSecrets=[{"name":"pull"}]',
    'podLabels={"team":"platform","app.kubernetes.io/name":"ignored"}',
    'podAnnotations={"example.com/note":"yes"}',
    'nodeSelector={"kubernetes.io/os":"linux"}',
    'tolerations=[{"key":"dedicated","operator":"Exists"}]',
    'affinity={"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[]}}',
    'topologySpreadConstraints=[]',
    'priorityClassName="system-cluster-critical"',
    'resources={"requests":{"cpu":1}}',
    'podDisruptionBudget.minAvailable="50%"',
    'commonLabels={"cost-centre":"42","app.kubernetes.io/instance":"ignored"}',
    'deploymentAnnotations={"example.com/owner":"platform"}',
    'strategy={"type":"RollingUpdate","rollingUpdate":{"maxSurge":0,"maxUnavailable":1}}',
    'runtimeClassName="gvisor"',
    'hostAliases=[{"ip":"192.0.2.1","hostnames":["registry.example.com"]}]',
    'dnsPolicy="None"',
    'dnsConfig={"nameservers":["192.0.2.53"],"searches":["example.com"]}',
    'podSecurityContext={"runAsUser":1234,"runAsGroup":1234,"fsGroup":1234}',
    'containerSecurityContext={"runAsUser":1234}',
    'envFrom=[{"secretRef":{"name":"vault"}}]',
    `initContainers=[${sidecar('wait')}]`,
    `extraContainers=[${sidecar('agent')}]`,
    'terminationGracePeriodSeconds=60',
    'config.log.level="debug"',
    'env=[{"name":"VAULT_ADDR","value":"https://vault.example.com"}]',
    'volumes=[{"name":"identity","emptyDir":{}}]',
    'volumeMounts=[{"name":"identity","mountPath":"/var/run/identity"}]',
    'serviceAccount.annotations={"example.com/identity":"signer"}',
  ],
};

/**
 * The oldest Kubernetes that the chart supports. Without a cluster, helm assumes a version of its own, which is far
 * older in a build without release flags.
 */
export const oldestKubernetes: readonly string[] = ['--kube-version', '1.31.0'];

/** Convert the entries of a value set into arguments of helm. */
export function setArguments(entries: readonly string[]): readonly string[] {
  return entries.flatMap((entry) => ['--set-json', entry]);
}
