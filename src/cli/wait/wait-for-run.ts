// SPDX-License-Identifier: Apache-2.0
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isUnavailable, KubeError } from '../../kube/kube-error.ts';
import type { Resource } from '../../kube/resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { watchFrames } from '../../kube/watch/watch-frames.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type RunSummary, summariseRun } from '../../tekton/run-summary.ts';
import { readRuns } from '../explain/gather-explanation.ts';
import { gatherPipelines } from '../gather-pipelines.ts';
import { parseRunReference, type RunReference } from '../run-reference.ts';
import { type Goal, judgeWait, type WaitVerdict } from './judge-wait.ts';

export interface AwaitedRun {
  /** NAME, taskrun/NAME or pipelinerun/NAME. */
  readonly run: string;
  readonly namespace: string;
  readonly operatorNamespace: string;
  readonly goal: Goal;
  readonly policy: string | undefined;
}

type Client = Pick<KubeClient, 'find' | 'listAll' | 'pages' | 'watch'>;

/** The runs as they were last seen, by kind. They stay here when they are deleted. */
type SeenRuns = Map<string, RunSummary>;

/** The place from which a watch goes on. */
interface Watched {
  readonly resource: Resource<unknown>;
  readonly fieldSelector: string;
  readonly resourceVersion: string;
}

const MAX_FRAME_BYTES = 8 * 1024 * 1024;
const WATCH_SECONDS = 240;
/** By which a watch may end too late. Later, its connection is taken for dead. */
const WATCH_GRACE_SECONDS = 15;
/** Between two tries to reach an API server that does not answer. */
const REST_MS = 1000;

/**
 * Reads the run and its records until they are what is awaited, or cannot become so, or the signal aborts. It reads again as soon as
 * one of them changes. @returns the last verdict; `Waiting` if the signal aborted
 * @throws Error if there is neither such a run nor a record of it @throws KubeError if every reading of the cluster failed
 */
export async function waitForRun(
  client: Client,
  clock: Clock,
  awaited: AwaitedRun,
  signal: AbortSignal,
): Promise<WaitVerdict> {
  let verdict: WaitVerdict | undefined;
  let failure: Error | undefined;
  const reference = parseRunReference(awaited.run);
  const seen: SeenRuns = new Map();
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      // The watches begin where these lists were read, so that no change in between is missed.
      const watched = await positions(client, reference, awaited.namespace, signal);
      verdict = await readVerdict({ client, clock, seen }, awaited, signal);
      failure = undefined;
      if (verdict.state !== 'Waiting') return verdict;
      await nextChange({ client, clock, seen }, watched, awaited.namespace, signal);
    } catch (error) {
      if (isOver()) break;
      if (!isUnavailable(error)) throw error;
      failure = error;
      await clock.sleep(REST_MS, signal).catch(() => undefined);
    }
  }
  if (verdict !== undefined) return verdict;
  if (failure !== undefined) throw failure;
  return { state: 'Waiting', lines: ['the cluster did not answer in this time'] };
}

interface Reading {
  readonly client: Client;
  readonly clock: Clock;
  readonly seen: SeenRuns;
}

async function readVerdict(
  { client, clock, seen }: Reading,
  { run, namespace, operatorNamespace, goal, policy }: AwaitedRun,
  signal: AbortSignal,
): Promise<WaitVerdict> {
  const found = await readRuns(client, { run, namespace }, signal);
  for (const summary of found) seen.set(summary.kind, summary);
  // The runs come first, so that no record of a run that is gone by now is missed.
  const records = await recordsOf(client, parseRunReference(run), namespace, signal);
  const request = { goal, policy, now: clock.now() };
  if (seen.size === 0) {
    if (records.length === 0)
      throw new Error(`there is no TaskRun or PipelineRun "${run}" in namespace "${namespace}"`);
    return judgeWait({ pipelines: [], records: ofLatestRun(records), knowsPolicies: true }, request);
  }
  const runs = [...seen.values()];
  const { pipelines, unread } = await gatherPipelines(client, { namespace, operatorNamespace, signal });
  const verdicts = runs.map((summary) => {
    // An earlier run may have had this name.
    const own = records.filter(({ spec }) => spec.runRef.uid === summary.uid);
    const isGone = !found.includes(summary);
    return judgeWait(
      {
        run: isGone ? withEnd(summary, own) : summary,
        isGone,
        pipelines: pipelines.forNamespace(namespace),
        records: own,
        knowsPolicies: unread.length === 0,
      },
      request,
    );
  });
  const states = verdicts.map(({ state }) => state);
  const state = states.includes('Failed') ? 'Failed' : states.every((each) => each === 'Met') ? 'Met' : 'Waiting';
  const lines = runs.flatMap(({ kind, name }, index) =>
    (verdicts[index]?.lines ?? []).map((line) => `${kind} ${namespace}/${name}: ${line}`),
  );
  return { state, lines };
}

/** The records of the run that finished last, of all runs that had the name. */
function ofLatestRun(records: readonly ProvenanceRecord[]): readonly ProvenanceRecord[] {
  const [latest] = records.toSorted((a, b) => Date.parse(b.spec.completionTime) - Date.parse(a.spec.completionTime));
  return records.filter(({ spec }) => spec.runRef.uid === latest?.spec.runRef.uid);
}

/** A run with the end that its records tell, for one that was last seen before it. */
function withEnd(run: RunSummary, [record]: readonly ProvenanceRecord[]): RunSummary {
  if (run.finished !== undefined || record === undefined) return run;
  const { outcome, completionTime } = record.spec;
  return { ...run, finished: { outcome, completionTime } };
}

async function recordsOf(
  client: Client,
  { kinds, name }: RunReference,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly ProvenanceRecord[]> {
  const fieldSelector = `spec.runRef.name=${name}`;
  const objects = await client.listAll(hallmarkResource('ProvenanceRecord'), { namespace, fieldSelector, signal });
  return objects.flatMap((object) => {
    const parsed = parseProvenanceRecord(object);
    return parsed.ok && kinds.includes(parsed.value.spec.runRef.kind) ? [parsed.value] : [];
  });
}

async function positions(
  client: Client,
  { kinds, name }: RunReference,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly Watched[]> {
  const places = [
    { resource: hallmarkResource('ProvenanceRecord'), fieldSelector: `spec.runRef.name=${name}` },
    ...kinds.map((kind) => ({ resource: runResources[kind], fieldSelector: `metadata.name=${name}` })),
  ];
  return Promise.all(
    places.map(async (place) => {
      for await (const { resourceVersion } of client.pages(place.resource, {
        namespace,
        fieldSelector: place.fieldSelector,
        signal,
      }))
        return { ...place, resourceVersion };
      throw new Error(`the list of ${place.resource.plural} has no page`);
    }),
  );
}

/** Resolves with the first change of what is watched, or when a watch ends. @throws KubeError if a watch breaks or cannot begin */
async function nextChange(
  { client, clock, seen }: Reading,
  watched: readonly Watched[],
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const others = new AbortController();
  const ended = AbortSignal.any([signal, others.signal]);
  const firsts = watched.map(async ({ resource, ...from }) => {
    const body = await client.watch(resource, { ...from, namespace, timeoutSeconds: WATCH_SECONDS, signal: ended });
    const object = await firstChange(body);
    const run = summariseRun(object);
    // A run that finishes may be gone before it is read again.
    if (run !== undefined) seen.set(run.kind, run);
  });
  const tooLate = clock.sleep((WATCH_SECONDS + WATCH_GRACE_SECONDS) * 1000, ended);
  try {
    await Promise.race([...firsts, tooLate]);
  } finally {
    others.abort();
    await Promise.allSettled([...firsts, tooLate]);
  }
}

/** @returns the object of the first change; undefined if the watch ends before @throws KubeError if its connection breaks */
async function firstChange(body: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const { type, object } of watchFrames(body, MAX_FRAME_BYTES)) if (type !== 'BOOKMARK') return object;
    return undefined;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new KubeError({ status: 0, reason: 'Unreachable', message: `watch: ${detail}`, cause });
  }
}
