// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isConflict, isNotFound, isNotServed } from '../../kube/kube-error.ts';
import { printableLines } from '../../runtime/printable.ts';
import { guardTraces, hasTraces, type RunTraces, type TracedRun, tracedRuns } from './run-traces.ts';

export interface ReleaseOptions {
  /** Undefined for every namespace. */
  readonly namespace: string | undefined;
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  /** The parts of runs to remove; the deletion guard by default. */
  readonly traces?: RunTraces;
}

export interface ReleaseCount {
  readonly released: number;
  readonly failed: number;
}

/** The tries for a run that others change at the same time. */
const MAX_TRIES = 5;

type Client = Pick<KubeClient, 'list' | 'find' | 'mergePatch'>;

/** Removes the traces from all runs in scope, one run after the other, and prints each. Finalizers and annotations of others stay. */
export async function releaseHeldRuns(
  client: Client,
  { traces = guardTraces, ...options }: ReleaseOptions,
): Promise<ReleaseCount> {
  const { isDryRun, print } = options;
  const { words } = traces;
  let released = 0;
  let failed = 0;
  for (const kind of ['PipelineRun', 'TaskRun'] as const) {
    for (const run of await heldRuns(client, kind, { ...options, traces })) {
      const problem = isDryRun ? undefined : await whyStillHeld(client, kind, run, { ...options, traces });
      if (problem === undefined) released += 1;
      else failed += 1;
      const done = isDryRun ? words.before : words.after;
      const state = problem === undefined ? done : `${words.still}: ${problem}`;
      print(printableLines(`${kind} ${run.namespace ?? ''}/${run.name} ${state}`));
    }
  }
  print(words.summary(isDryRun, released, failed));
  return { released, failed };
}

type Removal = Required<ReleaseOptions>;

async function heldRuns(
  client: Client,
  kind: RunKind,
  { namespace, signal, traces }: Removal,
): Promise<readonly TracedRun[]> {
  const found = new Map<string, TracedRun>();
  try {
    for await (const run of client.list(tracedRuns(kind, traces), { namespace, signal })) {
      if (hasTraces(run, traces)) found.set(run.uid, run);
    }
  } catch (error) {
    // Without Tekton there are no runs.
    if (!isNotServed(error)) throw error;
  }
  return [...found.values()];
}

/** Removes the traces of one run. @returns the failure, for people */
async function whyStillHeld(
  client: Client,
  kind: RunKind,
  run: TracedRun,
  removal: Removal,
): Promise<string | undefined> {
  try {
    await release(client, kind, run, removal);
    return undefined;
  } catch (error) {
    removal.signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}

async function release(client: Client, kind: RunKind, held: TracedRun, { signal, traces }: Removal): Promise<void> {
  const resource = tracedRuns(kind, traces);
  let run: TracedRun | undefined = held;
  for (let tries = 1; run?.uid === held.uid && hasTraces(run, traces); tries += 1) {
    try {
      await client.mergePatch(resource, removalPatch(run, traces), { signal, fieldManager: 'hallmark-cli' });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error) || tries === MAX_TRIES) throw error;
    }
    run = await client.find(resource, held, { signal });
  }
}

/** Exactly this version of the run, because a list of finalizers replaces that of the run. */
function removalPatch(
  { namespace, name, uid, resourceVersion, finalizers: all, annotations: traced }: TracedRun,
  { isFinalizer }: RunTraces,
) {
  const finalizers = all.filter((finalizer) => !isFinalizer(finalizer));
  const annotations = Object.fromEntries(traced.map((key) => [key, null]));
  const metadata = { namespace, name, uid, resourceVersion, finalizers };
  return { metadata: traced.length === 0 ? metadata : { ...metadata, annotations } };
}
