// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '../api/v1alpha1/condition.ts';
import { field, listField } from '../json/fields.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import { isConflict, isNotFound } from '../kube/kube-error.ts';
import { objectMetadata } from '../kube/object-metadata.ts';
import type { Resource } from '../kube/resource.ts';
import type { ControllerContext } from './controller-context.ts';

/** The status that policies and backends share. */
interface ConditionedStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
}

/**
 * Replaces an object's status if it changes.
 * @returns false when the object changed or was deleted meanwhile, and nothing was written
 */
export async function writeStatus(
  context: Pick<ControllerContext, 'client' | 'fence'>,
  resource: Resource<unknown>,
  { object, status }: { readonly object: unknown; readonly status: ConditionedStatus },
  signal: AbortSignal,
): Promise<boolean> {
  const metadata = objectMetadata(object);
  if (metadata === undefined || canonicalJson(field(object, 'status') ?? null) === canonicalJson(status)) return true;
  const { name, namespace, uid, resourceVersion } = metadata;
  context.fence(namespace ?? '');
  const written = { metadata: { name, namespace, uid, resourceVersion }, status };
  try {
    await context.client.replaceStatus(resource, written, { signal });
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
