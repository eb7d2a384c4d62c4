// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';

const Text = Type.Optional(Type.String());
const Whole = Type.Optional(Type.Integer());
const Flag = Type.Optional(Type.Boolean());
const Texts = Type.Optional(Type.Record(Type.String(), Type.String()));

const FieldRef = Type.Object({ fieldPath: Type.String() });
const KeyRef = Type.Object({ name: Text, key: Type.String(), optional: Flag });
const KeyToPath = Type.Object({ key: Type.String(), path: Type.String(), mode: Whole });
const Items = Type.Optional(Type.Array(KeyToPath));
const DownwardItems = Type.Optional(
  Type.Array(Type.Object({ path: Type.String(), fieldRef: Type.Optional(FieldRef), mode: Whole })),
);

const ProjectedSource = Type.Object({
  configMap: Type.Optional(Type.Object({ name: Text, items: Items, optional: Flag })),
  secret: Type.Optional(Type.Object({ name: Text, items: Items, optional: Flag })),
  downwardAPI: Type.Optional(Type.Object({ items: DownwardItems })),
  serviceAccountToken: Type.Optional(Type.Object({ audience: Text, expirationSeconds: Whole, path: Type.String() })),
});

const Volume = Type.Object({
  name: Type.String(),
  configMap: Type.Optional(Type.Object({ name: Text, items: Items, defaultMode: Whole, optional: Flag })),
  secret: Type.Optional(Type.Object({ secretName: Text, items: Items, defaultMode: Whole, optional: Flag })),
  downwardAPI: Type.Optional(Type.Object({ items: DownwardItems, defaultMode: Whole })),
  projected: Type.Optional(Type.Object({ sources: Type.Optional(Type.Array(ProjectedSource)), defaultMode: Whole })),
  emptyDir: Type.Optional(Type.Object({})),
  hostPath: Type.Optional(Type.Object({ path: Type.String() })),
  persistentVolumeClaim: Type.Optional(Type.Object({ claimName: Type.String() })),
});

const HttpGet = Type.Object({
  path: Text,
  port: Type.Union([Type.Integer(), Type.String()]),
  scheme: Text,
  httpHeaders: Type.Optional(Type.Array(Type.Object({ name: Type.String(), value: Type.String() }))),
});

const Probe = Type.Object({
  httpGet: Type.Optional(HttpGet),
  tcpSocket: Type.Optional(Type.Object({ port: Type.Union([Type.Integer(), Type.String()]) })),
  initialDelaySeconds: Whole,
  periodSeconds: Whole,
  timeoutSeconds: Whole,
  successThreshold: Whole,
  failureThreshold: Whole,
});

const EnvVar = Type.Object({
  name: Type.String(),
  value: Text,
  valueFrom: Type.Optional(
    Type.Object({
      fieldRef: Type.Optional(FieldRef),
      configMapKeyRef: Type.Optional(KeyRef),
      secretKeyRef: Type.Optional(KeyRef),
    }),
  ),
});

const EnvFrom = Type.Object({
  prefix: Text,
  configMapRef: Type.Optional(Type.Object({ name: Text, optional: Flag })),
  secretRef: Type.Optional(Type.Object({ name: Text, optional: Flag })),
});

const Container = Type.Object({
  name: Type.String(),
  image: Type.String(),
  command: Type.Optional(Type.Array(Type.String())),
  args: Type.Optional(Type.Array(Type.String())),
  workingDir: Text,
  env: Type.Optional(Type.Array(EnvVar)),
  envFrom: Type.Optional(Type.Array(EnvFrom)),
  ports: Type.Optional(Type.Array(Type.Object({ name: Text, containerPort: Type.Integer() }))),
  volumeMounts: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), mountPath: Type.String(), subPath: Text })),
  ),
  startupProbe: Type.Optional(Probe),
  livenessProbe: Type.Optional(Probe),
  readinessProbe: Type.Optional(Probe),
});

const Pod = Type.Object({
  metadata: Type.Object({
    name: Type.String(),
    namespace: Type.String(),
    uid: Type.String(),
    resourceVersion: Type.String(),
    generation: Whole,
    labels: Texts,
    annotations: Texts,
    deletionTimestamp: Text,
    deletionGracePeriodSeconds: Whole,
  }),
  spec: Type.Object({
    nodeName: Text,
    serviceAccountName: Text,
    restartPolicy: Text,
    terminationGracePeriodSeconds: Whole,
    schedulingGates: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
    initContainers: Type.Optional(Type.Array(Container)),
    containers: Type.Array(Container),
    volumes: Type.Optional(Type.Array(Volume)),
  }),
  status: Type.Optional(
    Type.Object({
      phase: Text,
      containerStatuses: Type.Optional(Type.Array(Type.Object({ name: Type.String(), restartCount: Type.Integer() }))),
    }),
  ),
});

/** The fields of a pod that the agent acts on; the API server has validated them. */
export type Pod = Static<typeof Pod>;
export type Container = Static<typeof Container>;
export type Volume = Static<typeof Volume>;
export type ProjectedSource = Static<typeof ProjectedSource>;
export type KeyToPath = Static<typeof KeyToPath>;
export type Probe = Static<typeof Probe>;
export type EnvVar = Static<typeof EnvVar>;

/** Throws, naming what does not fit, when the object is not a pod. */
export function parsePod(object: unknown): Pod {
  if (Value.Check(Pod, object)) return object;
  const [first] = Value.Errors(Pod, object);
  throw new Error(`not a pod: ${first?.instancePath ?? ''} ${first?.message ?? ''}`);
}

/** `namespace/name`, for messages. */
export function podTitle(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}

/** The value of a downward API field; `undefined` for a field that the agent does not know. */
export function podField(pod: Pod, fieldPath: string, nodeName: string): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
  if (keyed !== null) {
    const map = keyed[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[keyed[2] ?? ''] ?? '';
  }
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'metadata.labels': quotedLines(pod.metadata.labels),
    'metadata.annotations': quotedLines(pod.metadata.annotations),
    'spec.nodeName': nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.podIP': hostAddress,
    'status.podIPs': hostAddress,
    'status.hostIP': hostAddress,
    'status.hostIPs': hostAddress,
  };
  return fields[fieldPath];
}

/** The address of every pod's processes: they share the machine's loopback. */
export const hostAddress = '127.0.0.1';

function quotedLines(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}
