// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../src/json/fields.ts';
import { at, listAt } from './helm.ts';

/**
 * OpenShift's SecurityContextConstraints `restricted-v2`, as cluster-kube-apiserver-operator ships them. `MustRunAs` and `MustRunAsRange`
 * take their values from annotations of the namespace.
 */
const constraints = {
  allowHostDirVolumePlugin: false,
  allowHostIPC: false,
  allowHostNetwork: false,
  allowHostPID: false,
  allowHostPorts: false,
  allowPrivilegeEscalation: false,
  allowPrivilegedContainer: false,
  allowedCapabilities: ['NET_BIND_SERVICE'],
  fsGroup: { type: 'MustRunAs' },
  requiredDropCapabilities: ['ALL'],
  runAsUser: { type: 'MustRunAsRange' },
  seLinuxContext: { type: 'MustRunAs' },
  seccompProfiles: ['runtime/default'],
  supplementalGroups: { type: 'RunAsAny' },
  volumes: ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'],
} as const;

/** The users of a namespace, as its annotation `openshift.io/sa.scc.uid-range` has them: `1000650000/10000`. */
export interface UserRange {
  readonly first: number;
  readonly size: number;
}

/** Lists why `restricted-v2` refuses a pod; fields that are not set are filled in by OpenShift, from the namespace. */
export function restrictedV2Violations(pod: unknown, range: UserRange): readonly string[] {
  const containers = ['initContainers', 'containers'].flatMap((kind) => listAt(pod, kind));
  return [
    ...['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => at(pod, field) === true),
    ...userViolations(at(pod, 'securityContext'), range).map((fault) => `pod: ${fault}`),
    ...listAt(pod, 'volumes').flatMap(volumeViolations),
    ...containers.flatMap((container) =>
      containerViolations(container, range).map((fault) => `${String(at(container, 'name'))}: ${fault}`),
    ),
  ];
}

function volumeViolations(volume: unknown): readonly string[] {
  const allowed: readonly string[] = constraints.volumes;
  return Object.keys(isObject(volume) ? volume : {})
    .filter((key) => key !== 'name' && !allowed.includes(key))
    .map((type) => `volume of type ${type}`);
}

function userViolations(context: unknown, { first, size }: UserRange): readonly string[] {
  const user = at(context, 'runAsUser');
  const isOutside = user !== undefined && (Number(user) < first || Number(user) >= first + size);
  const fsGroup = at(context, 'fsGroup');
  const profile = at(context, 'seccompProfile', 'type');
  return [
    ...(isOutside ? [`runAsUser ${JSON.stringify(user)} is outside the range of the namespace`] : []),
    ...(fsGroup !== undefined && fsGroup !== first
      ? [`fsGroup ${JSON.stringify(fsGroup)} is not that of the namespace`]
      : []),
    ...(profile !== undefined && profile !== 'RuntimeDefault' ? [`seccomp profile ${JSON.stringify(profile)}`] : []),
    ...(at(context, 'seLinuxOptions') === undefined ? [] : ['seLinuxOptions']),
  ];
}

function containerViolations(container: unknown, range: UserRange): readonly string[] {
  const context = at(container, 'securityContext');
  const added = listAt(context, 'capabilities', 'add').map(String);
  const allowed: readonly string[] = constraints.allowedCapabilities;
  return [
    ...userViolations(context, range),
    ...(at(context, 'privileged') === true ? ['privileged'] : []),
    ...(at(context, 'allowPrivilegeEscalation') === true ? ['allowPrivilegeEscalation'] : []),
    ...added.filter((capability) => !allowed.includes(capability)).map((capability) => `capability ${capability}`),
    ...(listAt(container, 'ports').some((port) => at(port, 'hostPort') !== undefined) ? ['hostPort'] : []),
  ];
}
