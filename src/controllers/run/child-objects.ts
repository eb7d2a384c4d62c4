// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../json/fields.ts';
import { isForbidden, isNotFound, isNotServed } from '../../kube/kube-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import type { Resource } from '../../kube/resource.ts';
import { MAX_NESTED_RUNS, MAX_NESTING } from '../../tekton/finished-run.ts';
import { controllingPipelineRun } from '../../tekton/children/child-identity.ts';
import type { RunIdentity } from '../../tekton/run-identity.ts';
import { customRunResource, runResources } from '../../kube/tekton-resources.ts';

const childResources: Readonly<Record<string, Resource<unknown>>> = {
  TaskRun: runResources.TaskRun,
  PipelineRun: runResources.PipelineRun,
  CustomRun: customRunResource,
};

/** A PipelineRun whose children are to be listed. */
interface Parent {
  readonly object: unknown;
  readonly uid: string;
  readonly depth: number;
}

/**
 * The children of a PipelineRun and those of its nested PipelineRuns, each kind that one refers to in one consistent list by the
 * label that Tekton sets. Reference and controller decide which of them really are its children, the label does not. Nesting is
 * followed as deep and as often as `finishedRun` reads it.
 */
export async function childObjects(
  client: Pick<KubeClient, 'listAll'>,
  pipelineRun: unknown,
  identity: RunIdentity,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  const waiting: Parent[] = [{ object: pipelineRun, uid: identity.uid, depth: 0 }];
  let nestedRuns = MAX_NESTED_RUNS;
  for (let parent = waiting.shift(); parent !== undefined; parent = waiting.shift()) {
    const children = await directChildren(client, parent, identity.namespace, signal);
    found.push(...children);
    const { depth } = parent;
    if (depth >= MAX_NESTING) continue;
    const nested = nestedPipelineRuns(parent, children).slice(0, nestedRuns);
    nestedRuns -= nested.length;
    waiting.push(...nested.map(({ object, uid }) => ({ object, uid, depth: depth + 1 })));
  }
  return found;
}

/** Those that the parent refers to and controls. */
function nestedPipelineRuns(
  { object: parent, uid: owner }: Parent,
  children: readonly unknown[],
): Omit<Parent, 'depth'>[] {
  const names = new Set(
    references(parent)
      .filter((reference) => field(reference, 'kind') === 'PipelineRun')
      .map((reference) => field(reference, 'name')),
  );
  return children.flatMap((object) => {
    const metadata = field(object, 'metadata');
    const uid = field(metadata, 'uid');
    const isOwned = controllingPipelineRun(object)?.uid === owner;
    // Only PipelineRuns among the children have references of their own.
    const isNested = references(object).length > 0 && names.has(field(metadata, 'name'));
    return isNested && isOwned && typeof uid === 'string' ? [{ object, uid }] : [];
  });
}

function references(pipelineRun: unknown): readonly unknown[] {
  return listField(field(pipelineRun, 'status'), 'childReferences');
}

async function directChildren(
  client: Pick<KubeClient, 'listAll'>,
  parent: Parent,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const kinds = new Set(
    references(parent.object).map((reference) => {
      const kind = field(reference, 'kind');
      return typeof kind === 'string' ? kind : 'TaskRun';
    }),
  );
  const lists = [...kinds].map(async (kind) => {
    const resource = Object.hasOwn(childResources, kind) ? childResources[kind] : undefined;
    if (resource === undefined) return [];
    const labelSelector = `tekton.dev/pipelineRunUID=${parent.uid}`;
    try {
      return await client.listAll(resource, { namespace, labelSelector, signal });
    } catch (error) {
      // Children of other kinds only add detail; without permission to read them, their references are recorded.
      if (kind !== 'TaskRun' && (isForbidden(error) || isNotServed(error) || isNotFound(error))) return [];
      throw error;
    }
  });
  return (await Promise.all(lists)).flat();
}
