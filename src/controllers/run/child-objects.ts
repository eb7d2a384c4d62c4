// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { field, listField } from '../../json/fields.ts';
import { isForbidden, isNotFound, isNotServed } from '../../kube/kube-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import type { Resource } from '../../kube/resource.ts';
import { MAX_NESTED_RUNS, MAX_NESTING } from '../../tekton/finished-run.ts';
import { controllingPipelineRun } from '../../tekton/children/child-identity.ts';
import { approximateSizeBytes } from '../../runtime/cache/approximate-size.ts';
import { ReasonedError } from '../../runtime/errors/reasoned-error.ts';
import type { RoomOfRun } from './child-room.ts';
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

/** The most that is read of the children of one PipelineRun, those of its nested PipelineRuns included. */
export interface ChildLimits {
  /** Objects with its label, whether it refers to them or not. */
  readonly listed: number;
  readonly children: number;
  /** Bytes of the children. */
  readonly sizeBytes: number;
}

const LIMITS: ChildLimits = { listed: 8192, children: 4096, sizeBytes: 16 * 1024 * 1024 };
/** Pages are read by several workers at once. */
const PAGE = { pageSize: 50, maxPageBytes: 4 * 1024 * 1024 } as const;

export interface ChildReading {
  readonly client: Pick<KubeClient, 'pages'>;
  readonly signal: AbortSignal;
  /** The memory for what is kept. It may refuse more, which ends the reading. */
  readonly room?: Pick<RoomOfRun, 'take' | 'give'>;
  readonly limits?: ChildLimits;
}

/** A PipelineRun has more children, or more objects say that they are its children, than are read. */
export class TooManyChildren extends ReasonedError<typeof reasons.PayloadTooLarge> {}

/**
 * The children of a PipelineRun and those of its nested PipelineRuns, each kind that one refers to in one consistent list by the
 * label that Tekton sets. Reference and controller decide which of them really are its children, the label does not: objects that it does
 * not refer to are dropped page by page. Nesting is followed as deep and as often as `finishedRun` reads it.
 *
 * @throws TooManyChildren
 */
export async function childObjects(
  reading: ChildReading,
  pipelineRun: unknown,
  identity: RunIdentity,
): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  const waiting: Parent[] = [{ object: pipelineRun, uid: identity.uid, depth: 0 }];
  const tally = new Tally(reading, identity);
  let nestedRuns = MAX_NESTED_RUNS;
  for (let parent = waiting.shift(); parent !== undefined; parent = waiting.shift()) {
    const children = await directChildren(reading, parent, tally);
    found.push(...children);
    const { depth } = parent;
    if (depth >= MAX_NESTING) continue;
    const nested = nestedPipelineRuns(parent, children).slice(0, nestedRuns);
    nestedRuns -= nested.length;
    waiting.push(...nested.map(({ object, uid }) => ({ object, uid, depth: depth + 1 })));
  }
  return found;
}

/** Counts what is read for one PipelineRun. */
class Tally {
  readonly #limits: ChildLimits;
  readonly #room: ChildReading['room'];
  readonly identity: RunIdentity;
  #listed = 0;
  #children = 0;
  #sizeBytes = 0;

  constructor({ limits = LIMITS, room }: ChildReading, identity: RunIdentity) {
    this.#limits = limits;
    this.#room = room;
    this.identity = identity;
  }

  /** Objects were listed. */
  list(count: number, labelSelector: string): void {
    this.#listed += count;
    const { listed } = this.#limits;
    if (this.#listed <= listed) return;
    const { name, namespace } = this.identity;
    throw tooMany(
      `more than ${listed} objects of namespace ${namespace} carry labels of children of PipelineRun ${name}: ` +
        `delete those with the label ${labelSelector} that are not its children`,
    );
  }

  /** A list that begins anew counts once. @returns what puts the counts back to those of now */
  mark(): () => void {
    const before = [this.#listed, this.#children, this.#sizeBytes] as const;
    return () => {
      this.#room?.give(this.#sizeBytes - before[2]);
      [this.#listed, this.#children, this.#sizeBytes] = before;
    };
  }

  /** One of them is kept. */
  keep(object: unknown): void {
    const { children, sizeBytes } = this.#limits;
    const { name } = this.identity;
    const size = approximateSizeBytes(object);
    this.#children += 1;
    this.#sizeBytes += size;
    if (this.#children > children)
      throw tooMany(`PipelineRun ${name} has more than ${children} children: split its pipeline`);
    if (this.#sizeBytes > sizeBytes) {
      const why = `the children of PipelineRun ${name} are larger than ${sizeBytes} bytes together`;
      throw tooMany(`${why}: split its pipeline, or have its tasks state less in their specs and results`);
    }
    this.#room?.take(size);
  }
}

function tooMany(message: string): TooManyChildren {
  return new TooManyChildren(
    reasons.PayloadTooLarge,
    `${message}; while the run exists, delete the record to have it made again`,
  );
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

async function directChildren(reading: ChildReading, parent: Parent, tally: Tally): Promise<readonly unknown[]> {
  const namesByKind = new Map<string, Set<unknown>>();
  for (const reference of references(parent.object)) {
    const named = field(reference, 'kind');
    const kind = typeof named === 'string' ? named : 'TaskRun';
    namesByKind.set(kind, (namesByKind.get(kind) ?? new Set()).add(field(reference, 'name')));
  }
  const found: unknown[] = [];
  for (const [kind, names] of namesByKind) {
    const resource = Object.hasOwn(childResources, kind) ? childResources[kind] : undefined;
    if (resource === undefined) continue;
    try {
      found.push(...(await childrenOfKind(reading, { parent, resource, names }, tally)));
    } catch (error) {
      // Children of other kinds only add detail; without permission to read them, their references are recorded.
      if (kind !== 'TaskRun' && (isForbidden(error) || isNotServed(error) || isNotFound(error))) continue;
      throw error;
    }
  }
  return found;
}

interface KindOfChildren {
  readonly parent: Parent;
  readonly resource: Resource<unknown>;
  /** The names that the parent refers to. */
  readonly names: ReadonlySet<unknown>;
}

async function childrenOfKind(
  { client, signal }: ChildReading,
  { parent, resource, names }: KindOfChildren,
  tally: Tally,
): Promise<readonly unknown[]> {
  const labelSelector = `tekton.dev/pipelineRunUID=${parent.uid}`;
  let found: unknown[] = [];
  const putBack = tally.mark();
  const { namespace } = tally.identity;
  for await (const page of client.pages(resource, { ...PAGE, namespace, labelSelector, signal })) {
    if (page.restarted) {
      found = [];
      putBack();
    }
    tally.list(page.items.length, labelSelector);
    for (const item of page.items) {
      const object = resource.parse(item);
      if (!names.has(field(field(object, 'metadata'), 'name'))) continue;
      tally.keep(object);
      found.push(object);
    }
  }
  return found;
}
