// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { configValues } from './config-values.ts';
import {
  accounts,
  group,
  labelValues,
  name,
  namespaceName,
  openDefault,
  openObject,
  openObjects,
  podCount,
  quantities,
  spreadConstraint,
  subdomain,
} from './value-forms.ts';

/**
 * The values of the chart: the one source of helm/hallmark/values.yaml, of values.schema.json and of the table in
 * docs/install.md. Every property carries a description and a default; a group carries a description and properties.
 */
export const values = group('Values of the Hallmark chart.', {
  replicas: Type.Integer({
    description:
      'Number of operator pods. They share the work of the namespaces, and take over from each other when one ends.',
    default: 2,
    minimum: 0,
    maximum: 16,
  }),
  watchNamespaces: Type.Array(namespaceName, {
    description:
      'Namespaces to watch. Empty: the whole cluster, with a ClusterRole. Otherwise the operator runs in namespaced mode: it sees only these ' +
      'namespaces, its permissions are Roles in them, and the cluster kinds are not served.',
    default: [],
    maxItems: 256,
    uniqueItems: true,
  }),
  image: group('The operator image.', {
    repository: Type.String({
      description:
        'Registry and repository, without tag or digest. The value `global.imageRegistry` replaces the registry.',
      default: 'registry.hallmark.dev/hallmark',
      minLength: 1,
      pattern: '^[^@ ]+$',
    }),
    tag: Type.String({
      description: 'Tag. Empty: the appVersion of the chart.',
      default: '',
      pattern: '^[\\w][\\w.-]{0,127}$|^$',
    }),
    digest: Type.String({
      description: 'Digest, `sha256:…`. When set, it alone selects the image and the tag is ignored.',
      default: '',
      pattern: '^(sha256:[0-9a-f]{64})?$',
    }),
    pullPolicy: Type.Enum(['IfNotPresent', 'Always', 'Never'], {
      description: 'Pull policy: IfNotPresent, Always or Never.',
      default: 'IfNotPresent',
    }),
  }),
  imagePullSecrets: Type.Array(Type.Object({ name: Type.String({ minLength: 1 }) }, { additionalProperties: false }), {
    description: 'Pull Secrets in the release namespace: `[{name: …}]`.',
    default: [],
  }),
  nameOverride: name('Replaces the chart name in the names and labels of all objects.'),
  // The longest suffix that a template adds is `-metrics`, and a Service's name ends at 63 characters.
  fullnameOverride: name('Replaces the whole name of all objects (otherwise release and chart name).', 52),
  config: configValues,
  crds: group('The custom resource definitions.', {
    enabled: Type.Boolean({
      description:
        'Install and upgrade the CRDs with the release. They carry `helm.sh/resource-policy: keep`, so uninstalling keeps them and all their objects.',
      default: true,
    }),
  }),
  admissionPolicy: group('The ValidatingAdmissionPolicies that guard records and runs.', {
    enabled: Type.Boolean({
      description:
        "Only the operator's ServiceAccount may create ProvenanceRecords or change their spec, evidence or status; in namespaced mode, in the " +
        'watched namespaces. Turn it off only if you may not create cluster-scoped objects; the seal is then the only protection.',
      default: true,
    }),
    tektonAccounts: accounts(
      "ServiceAccounts of Tekton's own controllers, `namespace/name`. The policies on runs never stop them.",
      ['tekton-pipelines/tekton-pipelines-controller'],
    ),
    runStatus: group('Only Tekton writes the status of runs, which Hallmark signs.', {
      enabled: Type.Boolean({
        description:
          'Refuse it to everybody else. First check that `tektonAccounts` names the controller of your Tekton.',
        default: false,
      }),
      writers: accounts('Further ServiceAccounts that may write it, such as those of other managers of runs.', []),
      customRunWriters: accounts(
        'Further ServiceAccounts that may write the status of CustomRuns: the controllers of custom tasks.',
        [],
      ),
    }),
    runLabels: group('Finished runs keep the labels that select them.', {
      enabled: Type.Boolean({ description: 'Refuse changes of these labels.', default: false }),
      keys: Type.Array(Type.String({ minLength: 1, maxLength: 317, pattern: String.raw`^[\w./-]*\*?$` }), {
        description: 'Keys of the labels, or the beginning of keys and `*`. By default all.',
        default: ['*'],
        minItems: 1,
        maxItems: 64,
      }),
      writers: accounts('Further ServiceAccounts that may change them, such as that of Pipelines-as-Code.', []),
    }),
    ceilings: group('The PolicyCeilings, when policies and backends are written.', {
      enabled: Type.Boolean({
        description:
          'Refuse SigningPolicies and StorageBackends that exceed a PolicyCeiling, as far as one ceiling alone decides. The operator obeys the ' +
          'ceilings in any case. Only without watchNamespaces.',
        default: false,
      }),
    }),
    runAnnotations: group(
      'Only Hallmark and Tekton Chains write the annotations `hallmark.dev/…` and `chains.tekton.dev/…` of runs.',
      {
        enabled: Type.Boolean({
          description: 'Refuse it to everybody else. `chains.tekton.dev/transparency-upload` stays open to all.',
          default: false,
        }),
        writers: accounts('Further ServiceAccounts that may write them.', ['tekton-chains/tekton-chains-controller']),
      },
    ),
  }),
  rbac: group('Permissions of the operator and of users.', {
    create: Type.Boolean({
      description:
        "Create the operator's roles and bindings. If false, grant the permissions that docs/security.md lists yourself.",
      default: true,
    }),
    patchRuns: Type.Boolean({
      description:
        'Let the operator patch TaskRuns and PipelineRuns. Without it, backends of type Tekton cannot store (`BackendUnauthorized`), policies with `deletionGuard: Hold` keep no run (`GuardForbidden`), and policies with `compatibility.chainsAnnotations` annotate none (`AnnotationForbidden`).',
      default: true,
    }),
    recordNotes: Type.Boolean({
      description:
        'Let the operator write ConfigMaps in its own namespace. Without it, `children.notes: Recorded` of policies has no effect, and their status says so.',
      default: false,
    }),
    secretNames: Type.Record(Type.String(), Type.Array(subdomain, { minItems: 1, maxItems: 256 }), {
      description:
        'Names of the Secrets that the operator may read in a watched namespace: `{team-a: [signing-secrets, registry]}`. A namespace that is ' +
        'not listed: all. Only with watchNamespaces.',
      default: {},
    }),
    userRoles: Type.Boolean({
      description:
        'Create ClusterRoles that extend the built-in view, edit and admin roles: teams may edit SigningPolicies and StorageBackends, and read and ' +
        'delete ProvenanceRecords. Only without watchNamespaces.',
      default: true,
    }),
  }),
  tokens: group("Acting as teams' ServiceAccounts for keyless signing, key management services and clouds.", {
    serviceAccounts: Type.Record(Type.String(), Type.Array(subdomain, { minItems: 1, maxItems: 256 }), {
      description:
        'ServiceAccounts whose tokens the operator may request, by namespace: `{team-a: [signer]}`. Each namespace gets a Role that names them. ' +
        'Empty: none. config.tokens.destinations lists the hosts that may receive the tokens.',
      default: {},
    }),
  }),
  proxy: group("The operator's login at the proxy of config.outbound.proxy.", {
    credentialsSecret: Type.String({
      description:
        'Secret in the release namespace whose entries `username` and `password` it logs in with. Empty: no login. Restart the pods after a change.',
      default: '',
      maxLength: 253,
      pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$',
    }),
  }),
  networkPolicy: group('The NetworkPolicy of the pods.', {
    enabled: Type.Boolean({
      description:
        'Create it: other pods reach only the ports of the probes (8080) and of the metrics (9090). It takes a network plugin that enforces it.',
      default: false,
    }),
    metricsFrom: openObjects(
      'Peers that may read the metrics, as in a NetworkPolicy: `[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]`. Empty: all.',
    ),
    egress: openObjects(
      'Rules for outgoing connections, as in a NetworkPolicy. Empty: all are allowed. docs/security.md lists what the operator connects to.',
    ),
  }),
  monitoring: group('What Prometheus and Grafana read.', {
    serviceMonitor: group('The ServiceMonitor of the Prometheus operator.', {
      enabled: Type.Boolean({
        description: 'Create it. It takes the CRDs of the Prometheus operator.',
        default: false,
      }),
      intervalSeconds: Type.Integer({
        description: 'Interval between scrapes.',
        default: 30,
        minimum: 5,
        maximum: 3600,
      }),
      labels: labelValues('Labels added to it, such as those by which Prometheus selects ServiceMonitors.'),
    }),
    alerts: group('The alerts, as a PrometheusRule of the Prometheus operator.', {
      enabled: Type.Boolean({
        description: 'Create it. It takes the CRDs of the Prometheus operator.',
        default: false,
      }),
      labels: labelValues('Labels added to it, such as those by which Prometheus selects PrometheusRules.'),
      runbookURL: Type.String({
        description:
          'URL of the page that the alerts link to, where you serve docs/operations.md of the checkout. Empty: they name its section there.',
        default: '',
        pattern: '^(https?://[^#\\s]+)?$',
        maxLength: 512,
      }),
    }),
    dashboard: group('The Grafana dashboard, as a ConfigMap.', {
      enabled: Type.Boolean({ description: 'Create it.', default: false }),
      labels: Type.Record(Type.String(), Type.String(), {
        description: "Labels by which the sidecar of Grafana's chart finds it.",
        default: { grafana_dashboard: '1' },
      }),
      annotations: labelValues('Annotations added to it, such as the folder of the dashboard.'),
    }),
  }),
  apiPriority: group("The operator's share of the API server, by its priority and fairness.", {
    enabled: Type.Boolean({
      description:
        "Create a PriorityLevelConfiguration and FlowSchemas: the operator's requests do not wait behind those of users and other controllers. Only without watchNamespaces.",
      default: true,
    }),
    concurrencyShares: Type.Integer({
      description:
        "Its `nominalConcurrencyShares`. Kubernetes' own levels have 245 together. The level lends what the operator does not use.",
      default: 20,
      minimum: 1,
      maximum: 1000,
    }),
  }),
  serviceAccount: group("The operator's ServiceAccount.", {
    create: Type.Boolean({ description: 'Create it. If false, `name` must name an existing one.', default: true }),
    name: name('Its name. Empty: the full name of the release. Required when `create` is false.'),
    annotations: labelValues('Annotations added to it, such as those that bind it to a cloud identity.'),
  }),
  podDisruptionBudget: group('The PodDisruptionBudget, created when replicas is above 1.', {
    enabled: Type.Boolean({ description: 'Create it.', default: true }),
    maxUnavailable: podCount('Number or percentage of pods that may be unavailable at once.', 1),
    minAvailable: podCount('Number or percentage of pods that stay available. Set, it replaces `maxUnavailable`.', ''),
  }),
  resources: Type.Object(
    { requests: Type.Optional(quantities), limits: Type.Optional(quantities) },
    {
      additionalProperties: false,
      description: 'Requests and limits of the container.',
      default: { requests: { cpu: '50m', memory: '160Mi' }, limits: { memory: '512Mi' } },
    },
  ),
  podSecurityContext: openDefault(
    'Security context of the pods, replaced key by key. It names no user or group: the image says 65532, and OpenShift chooses one.',
    { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  ),
  containerSecurityContext: openDefault('Security context of the containers, replaced key by key.', {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  }),
  env: openObjects('Environment variables added to the container, such as `VAULT_ADDR`, as a list of EnvVar.'),
  envFrom: openObjects(
    'ConfigMaps and Secrets whose entries become environment variables, as a list of EnvFromSource.',
  ),
  volumes: openObjects('Volumes added to the pods, such as a projected token for a cloud.'),
  volumeMounts: openObjects('Volume mounts added to the container.'),
  initContainers: openObjects('Containers that run before the others, as a list of Container.'),
  extraContainers: openObjects('Further containers of the pods, as a list of Container.'),
  extraObjects: Type.Array(Type.Union([Type.Object({}), Type.String()]), {
    description:
      'Further objects of the release, such as an ExternalSecret. Templates in them are rendered; an object that is not YAML before that is given as a string.',
    default: [],
  }),
  commonLabels: labelValues(
    'Labels added to all objects but the CRDs. The labels of the chart itself have precedence.',
  ),
  deploymentAnnotations: labelValues('Annotations added to the Deployment.'),
  podLabels: labelValues('Labels added to the pods.'),
  podAnnotations: labelValues('Annotations added to the pods.'),
  nodeSelector: labelValues('Node labels that the pods require.'),
  tolerations: openObjects('Tolerations of the pods.'),
  affinity: openObject('Affinity of the pods.'),
  topologySpreadConstraints: Type.Array(spreadConstraint, {
    description: 'Topology spread constraints of the pods; the chart fills in the label selector.',
    default: [
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
      { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
    ],
  }),
  priorityClassName: Type.String({ description: 'PriorityClass of the pods.', default: '', maxLength: 253 }),
  runtimeClassName: Type.String({ description: 'RuntimeClass of the pods.', default: '', maxLength: 253 }),
  hostAliases: openObjects(
    'Entries added to /etc/hosts of the pods: `[{ip: 192.0.2.1, hostnames: [registry.example.com]}]`.',
  ),
  dnsPolicy: Type.Enum(['', 'ClusterFirst', 'Default', 'None'], {
    description: 'DNS policy of the pods. Empty: that of Kubernetes, ClusterFirst.',
    default: '',
  }),
  dnsConfig: openObject('DNS settings of the pods, as PodDNSConfig.'),
  strategy: openObject(
    'Strategy of updates of the Deployment, as DeploymentStrategy. Empty: that of Kubernetes, a rolling update.',
  ),
  terminationGracePeriodSeconds: Type.Integer({
    description:
      'Time that a pod has to shut down before the kubelet kills it. Must be above config.shutdownGraceSeconds.',
    default: 30,
    minimum: 1,
    maximum: 3600,
  }),
  tests: group('The pod of `helm test`, which runs `hallmark doctor` in the cluster.', {
    enabled: Type.Boolean({
      description:
        'Have `helm test` create it, with a ServiceAccount and rights to read. They go when the test has passed.',
      default: true,
    }),
    namespace: name('With watchNamespaces: the watched namespace to check. Empty: the first.'),
  }),
});
