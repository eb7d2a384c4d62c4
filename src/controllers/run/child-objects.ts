// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../api/v1alpha1/field.ts';
import { isForbidden, isNotFound, isNotServed } from '../../kube/kube-error.ts';
import type { Resource } from '../../kube/resource.ts';
import type { RunIdentity } from '../../tekton/run-identity.ts';
import type { ControllerContext } from '../controller-context.ts';
import { customRunResource, runResources } from './tekton-resources.ts';

const childResources: Readonly<Record<string, Resource<unknown>>> = {
  TaskRun: runResources.TaskRun,
  PipelineRun: runResources.PipelineRun,
  CustomRun: customRunResource,
};

/**
 * The children of a PipelineRun, of each kind that it refers to in one consistent list by the label that Tekton sets. Which of
 * them really are its children is decided by reference and owner, not by the label.
 */
export async function childObjects(
  client: ControllerContext['client'],
  pipelineRun: unknown,
  identity: RunIdentity,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const references = listField(field(pipelineRun, 'status'), 'childReferences');
  const kinds = new Set(
    references.map((reference) => {
      const kind = field(reference, 'kind');
      return typeof kind === 'string' ? kind : 'TaskRun';
    }),
  );
  const lists = [...kinds].map(async (kind) => {
    const resource = Object.hasOwn(childResources, kind) ? childResources[kind] : undefined;
    if (resource === undefined) return [];
    const labelSelector = `tekton.dev/pipelineRunUID=${identity.uid}`;
    try {
      return await client.listAll(resource, { namespace: identity.namespace, labelSelector, signal });
    } catch (error) {
      // Children of other kinds only add to what is said; without leave to read them they are recorded by their reference.
      if (kind !== 'TaskRun' && (isForbidden(error) || isNotServed(error) || isNotFound(error))) return [];
      throw error;
    }
  });
  return (await Promise.all(lists)).flat();
}
