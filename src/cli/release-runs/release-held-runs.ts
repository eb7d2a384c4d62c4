// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import { listField, objectField } from '../../json/fields.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isConflict, isNotFound, isNotServed } from '../../kube/kube-error.ts';
import { type ObjectMetadata, parseMetadata } from '../../kube/object-metadata.ts';
import { metadataOnly, type Resource } from '../../kube/resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { printableLines } from '../../runtime/printable.ts';

export interface ReleaseOptions {
  /** Undefined for every namespace. */
  readonly namespace: string | undefined;
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

export interface ReleaseCount {
  readonly released: number;
  readonly failed: number;
}

interface HeldRun extends ObjectMetadata {
  readonly finalizers: readonly string[];
}

/** The tries for a run that others change at the same time. */
const MAX_TRIES = 5;

type Client = Pick<KubeClient, 'list' | 'find' | 'mergePatch'>;

/** Removes the deletion guard's finalizer from all runs in scope, and prints each. The finalizers of others stay. */
export async function releaseHeldRuns(client: Client, options: ReleaseOptions): Promise<ReleaseCount> {
  const { isDryRun, print } = options;
  let released = 0;
  let failed = 0;
  for (const kind of ['PipelineRun', 'TaskRun'] as const) {
    for (const run of await heldRuns(client, kind, options)) {
      const problem = isDryRun ? undefined : await whyStillHeld(client, kind, run, options);
      if (problem === undefined) released += 1;
      else failed += 1;
      const state = problem === undefined ? (isDryRun ? 'is held' : 'is let go') : `is still held: ${problem}`;
      print(printableLines(`${kind} ${run.namespace ?? ''}/${run.name} ${state}`));
    }
  }
  print(isDryRun ? `${released} runs are held` : `${released} runs are let go, ${failed} are still held`);
  return { released, failed };
}

async function heldRuns(
  client: Client,
  kind: RunKind,
  { namespace, signal }: ReleaseOptions,
): Promise<readonly HeldRun[]> {
  const found = new Map<string, HeldRun>();
  try {
    for await (const run of client.list(resourceOf(kind), { namespace, signal })) {
      if (run.finalizers.includes(DELETION_GUARD)) found.set(run.uid, run);
    }
  } catch (error) {
    // Without Tekton there are no runs.
    if (!isNotServed(error)) throw error;
  }
  return [...found.values()];
}

/** Lets a run go. @returns the failure, for people */
async function whyStillHeld(
  client: Client,
  kind: RunKind,
  run: HeldRun,
  { signal }: ReleaseOptions,
): Promise<string | undefined> {
  try {
    await release(client, resourceOf(kind), run, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}

async function release(client: Client, resource: Resource<HeldRun>, held: HeldRun, signal: AbortSignal): Promise<void> {
  let run: HeldRun | undefined = held;
  for (let tries = 1; run?.uid === held.uid && run.finalizers.includes(DELETION_GUARD); tries += 1) {
    const { namespace, name, uid, resourceVersion } = run;
    const finalizers = run.finalizers.filter((finalizer) => finalizer !== DELETION_GUARD);
    const metadata = { namespace, name, uid, resourceVersion, finalizers };
    try {
      await client.mergePatch(resource, { metadata }, { signal, fieldManager: 'hallmark-cli' });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error) || tries === MAX_TRIES) throw error;
    }
    run = await client.find(resource, held, { signal });
  }
}

function resourceOf(kind: RunKind): Resource<HeldRun> {
  return metadataOnly(runResources[kind], (object) => ({
    ...parseMetadata(object),
    finalizers: listField(objectField(object, 'metadata'), 'finalizers').filter((name) => typeof name === 'string'),
  }));
}
