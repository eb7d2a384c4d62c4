// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../api/v1alpha1/condition.ts';
import { field, listField } from '../json/fields.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import { isConflict, isNotFound } from '../kube/kube-error.ts';
import { objectMetadata, type ObjectMetadata } from '../kube/object-metadata.ts';
import type { Resource } from '../kube/resource.ts';
import type { ControllerContext } from './controller-context.ts';

type WritingContext = Pick<ControllerContext, 'fence' | 'statusLine'> & {
  readonly client: Pick<ControllerContext['client'], 'replaceStatus'>;
};

/** A place in the line is not held for longer by a write that hangs; its object is reconciled again. */
const WRITE_TIMEOUT_MS = 10_000;

/** The status that policies and backends share. */
export interface ConditionedStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
}

/** A status for exactly this version of an object. */
export interface StatusReplacement {
  readonly metadata: Pick<ObjectMetadata, 'name' | 'namespace' | 'uid' | 'resourceVersion'>;
  readonly status: object;
  /** The namespace that the write is for: this replica must hold its shard. Empty for work that belongs to no namespace. */
  readonly onBehalfOf: string;
}

/**
 * Replaces the status of a policy or a backend; no other code does. Namespaces take turns.
 * @returns the object as the API server keeps it
 * @throws KubeError that is a Conflict or NotFound when the object changed or was deleted meanwhile
 */
export async function replaceStatus(
  { client, fence, statusLine }: WritingContext,
  resource: Resource<unknown>,
  { metadata, status, onBehalfOf }: StatusReplacement,
  signal: AbortSignal,
): Promise<unknown> {
  const { name, namespace, uid, resourceVersion } = metadata;
  const object = { metadata: { name, namespace, uid, resourceVersion }, status };
  return statusLine.result(onBehalfOf, async () => {
    signal.throwIfAborted();
    fence(onBehalfOf);
    return client.replaceStatus(resource, object, { signal, timeoutMs: WRITE_TIMEOUT_MS });
  });
}

/**
 * Replaces an object's status if it changes.
 * @returns false when the object changed or was deleted meanwhile, and nothing was written
 */
export async function writeStatus(
  context: WritingContext,
  resource: Resource<unknown>,
  { object, status }: { readonly object: unknown; readonly status: ConditionedStatus },
  signal: AbortSignal,
): Promise<boolean> {
  const metadata = objectMetadata(object);
  if (metadata === undefined || canonicalJson(field(object, 'status') ?? null) === canonicalJson(status)) return true;
  try {
    await replaceStatus(context, resource, { metadata, status, onBehalfOf: metadata.namespace ?? '' }, signal);
    return true;
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    return false;
  }
}

/** The conditions of a stored object, read leniently: only their times matter. */
export function storedConditions(object: unknown): readonly Condition[] {
  return listField(field(object, 'status'), 'conditions').flatMap((condition) => {
    const text = (name: string): string => {
      const value = field(condition, name);
      return typeof value === 'string' ? value : '';
    };
    const status = text('status');
    if (status !== 'True' && status !== 'False' && status !== 'Unknown') return [];
    const [type, reason, message] = [text('type'), text('reason'), text('message')];
    return [{ type, status, reason, message, lastTransitionTime: text('lastTransitionTime') }];
  });
}
