// SPDX-License-Identifier: Apache-2.0
import Type, { type TProperties } from 'typebox';
import { configValues } from './config-values.ts';

/**
 * The values of the chart: the one source of helm/hallmark/values.yaml, of values.schema.json and of the table in
 * docs/install.md. Every property carries a description and a default; a group carries a description and properties.
 */
const group = (description: string, properties: TProperties) =>
  Type.Object(properties, { additionalProperties: false, description });

const name = (description: string, maxLength = 63) =>
  Type.String({ description, default: '', maxLength, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' });

const namespaceName = Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' });

/** A ServiceAccount's name is a DNS subdomain. */
const accountName = Type.String({ minLength: 1, maxLength: 253, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' });

const quantity = Type.Union([
  Type.String({ pattern: '^[0-9.]+([a-zA-Z]{0,2}|e[0-9]+)$' }),
  Type.Number({ minimum: 0 }),
]);

const quantities = Type.Record(Type.String(), quantity);

const labelValues = (description: string) => Type.Record(Type.String(), Type.String(), { description, default: {} });

const openObject = (description: string) => Type.Object({}, { description, default: {} });

const openObjects = (description: string) => Type.Array(Type.Object({}), { description, default: [] });

const spreadConstraint = Type.Object(
  {
    maxSkew: Type.Integer({ minimum: 1 }),
    topologyKey: Type.String({ minLength: 1 }),
    whenUnsatisfiable: Type.Enum(['ScheduleAnyway', 'DoNotSchedule']),
  },
  { additionalProperties: false },
);

export const values = group('Values of the Hallmark chart.', {
  replicas: Type.Integer({
    description: 'How many operator pods run. One works at a time, the others stand by and take over by Lease.',
    default: 2,
    minimum: 0,
    maximum: 16,
  }),
  watchNamespaces: Type.Array(namespaceName, {
    description:
      'Empty: the whole cluster, with a ClusterRole. Otherwise namespaced mode: the operator sees these namespaces alone, ' +
      'its rights are Roles in them, and the cluster kinds are not served.',
    default: [],
    maxItems: 256,
    uniqueItems: true,
  }),
  image: group('The operator image.', {
    repository: Type.String({
      description: 'Registry and repository, without tag or digest.',
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
      description: 'Digest, `sha256:…`. When set it decides alone which image runs, and the tag is left out.',
      default: '',
      pattern: '^(sha256:[0-9a-f]{64})?$',
    }),
    pullPolicy: Type.Enum(['IfNotPresent', 'Always', 'Never'], {
      description: 'When the kubelet pulls: IfNotPresent, Always or Never.',
      default: 'IfNotPresent',
    }),
  }),
  imagePullSecrets: Type.Array(Type.Object({ name: Type.String({ minLength: 1 }) }, { additionalProperties: false }), {
    description: 'Secrets of the release namespace that the image is pulled with: `[{name: …}]`.',
    default: [],
  }),
  nameOverride: name('Replaces the chart name in the names and labels of all objects.'),
  // The longest suffix that a template adds is `-metrics`, and a Service's name ends at 63 characters.
  fullnameOverride: name('Replaces the whole name of all objects (otherwise release and chart name).', 52),
  config: configValues,
  crds: group('The custom resource definitions.', {
    enabled: Type.Boolean({
      description:
        'Install and upgrade the CRDs with the release. They carry `helm.sh/resource-policy: keep`: uninstalling leaves them and every object of theirs.',
      default: true,
    }),
  }),
  admissionPolicy: group('The ValidatingAdmissionPolicy that guards ProvenanceRecords.', {
    enabled: Type.Boolean({
      description:
        "Only the operator's ServiceAccount may create ProvenanceRecords or change their spec, evidence or status; in namespaced mode, in the " +
        'watched namespaces. Turn it off only when the installer may not create cluster-wide objects: the seal then stands alone.',
      default: true,
    }),
  }),
  rbac: group('The rights of the operator and of users.', {
    create: Type.Boolean({
      description: "Create the operator's roles and bindings. Off: somebody else grants what docs/security.md lists.",
      default: true,
    }),
    userRoles: Type.Boolean({
      description:
        'Create ClusterRoles that add to the built-in view, edit and admin roles: teams edit SigningPolicies and StorageBackends and read ' +
        'ProvenanceRecords. Only without watchNamespaces.',
      default: true,
    }),
  }),
  tokens: group("Acting as teams' ServiceAccounts, for keyless signing, key management services and clouds.", {
    serviceAccounts: Type.Record(Type.String(), Type.Array(accountName, { minItems: 1, maxItems: 256 }), {
      description:
        'ServiceAccounts that the operator may ask tokens for, by namespace: `{team-a: [signer]}`. Each namespace gets a Role that names them; ' +
        'none without. Where the tokens may go is config.tokens.destinations.',
      default: {},
    }),
  }),
  serviceAccount: group("The operator's ServiceAccount.", {
    create: Type.Boolean({ description: 'Create it. Off: `name` names one that exists.', default: true }),
    name: name('Its name. Empty: the full name of the release, or `default` when it is not created.'),
    annotations: labelValues("Annotations added to it, such as those by which a cloud knows the operator's identity."),
  }),
  podDisruptionBudget: group('The PodDisruptionBudget; it exists when replicas is above 1.', {
    enabled: Type.Boolean({ description: 'Create it.', default: true }),
    maxUnavailable: Type.Integer({ description: 'How many pods a drain may take at once.', default: 1, minimum: 1 }),
  }),
  resources: Type.Object(
    { requests: Type.Optional(quantities), limits: Type.Optional(quantities) },
    {
      additionalProperties: false,
      description: 'Requests and limits of the container.',
      default: { requests: { cpu: '50m', memory: '160Mi' }, limits: { memory: '512Mi' } },
    },
  ),
  env: openObjects('Environment added to the container, such as `VAULT_ADDR`, as a list of EnvVar.'),
  volumes: openObjects('Volumes added to the pods, such as a projected token for a cloud.'),
  volumeMounts: openObjects('Where the container mounts them.'),
  podLabels: labelValues('Labels added to the pods.'),
  podAnnotations: labelValues('Annotations added to the pods.'),
  nodeSelector: labelValues('Node labels that the pods need.'),
  tolerations: openObjects('Tolerations of the pods.'),
  affinity: openObject('Affinity of the pods.'),
  topologySpreadConstraints: Type.Array(spreadConstraint, {
    description: 'How the pods spread; the label selector is filled in.',
    default: [
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
      { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
    ],
  }),
  priorityClassName: Type.String({ description: 'PriorityClass of the pods.', default: '', maxLength: 253 }),
  terminationGracePeriodSeconds: Type.Integer({
    description: 'How long the kubelet lets a pod end by itself. Must be above config.shutdownGraceSeconds.',
    default: 30,
    minimum: 1,
    maximum: 3600,
  }),
});
