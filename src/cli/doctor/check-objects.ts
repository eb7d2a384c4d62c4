// SPDX-License-Identifier: Apache-2.0
import type { KindName } from '../../api/v1alpha1/kinds.ts';
import { listField, numberField, objectField, stringField } from '../../json/fields.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isForbidden, isNotServed } from '../../kube/kube-error.ts';
import { parseMetadata } from '../../kube/object-metadata.ts';
import { objectKey } from '../../kube/resource.ts';
import { type Check, type CheckState, checkOf } from './check.ts';
import type { KindsScope } from './check-kinds.ts';

const check = checkOf('objects');
const checkedKinds: readonly KindName[] = [
  'PolicyCeiling',
  'ClusterSigningPolicy',
  'SigningPolicy',
  'ClusterStorageBackend',
  'StorageBackend',
];

/** A policy, backend or ceiling, and the judgement on it. */
export interface CheckedObject {
  readonly subject: string;
  readonly spec: unknown;
  readonly check: Check;
}

/** The kinds without which nothing is signed, or stored. */
const needed = [
  {
    subject: 'policies',
    kinds: ['ClusterSigningPolicy', 'SigningPolicy'],
    message: 'there is none: nothing is signed',
  },
  {
    subject: 'backends',
    kinds: ['ClusterStorageBackend', 'StorageBackend'],
    message: 'there is none: nothing is stored',
  },
] as const;

/**
 * Judges every policy, with its key and logs, and every backend by the conditions that the operator set. Warns where there is none, if the
 * caller may see all.
 */
export async function checkObjects(
  client: Pick<KubeClient, 'listAll'>,
  { namespace, signal }: KindsScope,
): Promise<readonly CheckedObject[]> {
  const perKind = checkedKinds.map(async (kind) => {
    const resource = hallmarkResource(kind);
    const place = resource.namespaced ? { namespace } : {};
    const objects = await client.listAll(resource, { ...place, signal }).catch((error: unknown) => {
      // The check of kinds says so.
      if (isForbidden(error) || isNotServed(error)) return undefined;
      throw error;
    });
    return [kind, objects?.map((object) => checkedObject(kind, object))] as const;
  });
  const listed = new Map(await Promise.all(perKind));
  const lacking = needed.filter(({ kinds }) => kinds.every((kind) => listed.get(kind)?.length === 0));
  return [
    ...lacking.map(({ subject, message }) => ({ subject, spec: {}, check: check(subject, 'Warning', message) })),
    ...[...listed.values()].flatMap((objects) => objects ?? []),
  ];
}

/** Judges one object. Ready counts only if the operator saw this generation; the reason of a condition that is False comes first. */
export function checkedObject(kind: KindName, object: unknown): CheckedObject {
  const metadata = parseMetadata(object);
  const subject = `${kind} ${objectKey(metadata)}`;
  const generation = numberField(objectField(object, 'metadata'), 'generation');
  const conditions = listField(objectField(object, 'status'), 'conditions');
  const ready = conditions.find((condition) => stringField(condition, 'type') === 'Ready');
  const made = (state: CheckState, message: string): CheckedObject => ({
    subject,
    spec: objectField(object, 'spec'),
    check: check(subject, state, message),
  });
  if (ready === undefined || numberField(ready, 'observedGeneration') !== generation)
    return made(
      'Warning',
      'the operator has not looked at it yet: it is behind, not running, or does not watch this namespace',
    );
  if (stringField(ready, 'status') !== 'True') return made(stateOf(ready), textOf(ready));
  const bad = conditions.find(
    (condition) =>
      ['KeyReady', 'BackendsReady'].includes(stringField(condition, 'type') ?? '') &&
      stringField(condition, 'status') !== 'True',
  );
  return bad === undefined ? made('OK', textOf(ready)) : made('Warning', textOf(bad));
}

/** An author may suspend a policy; that breaks nothing. */
function stateOf(ready: unknown): CheckState {
  return stringField(ready, 'reason') === 'Suspended' ? 'Warning' : 'Failed';
}

function textOf(condition: unknown): string {
  return `${stringField(condition, 'reason') ?? ''}: ${stringField(condition, 'message') ?? ''}`;
}
