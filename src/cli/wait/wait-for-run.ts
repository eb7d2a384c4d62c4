// SPDX-License-Identifier: Apache-2.0
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isUnavailable } from '../../kube/kube-error.ts';
import type { Resource } from '../../kube/resource.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { watchFrames } from '../../kube/watch/watch-frames.ts';
import type { Clock } from '../../runtime/clock.ts';
import { UncheckedError } from '../cli-error.ts';
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

/** The place from which a watch goes on. */
interface Watched {
  readonly resource: Resource<unknown>;
  readonly fieldSelector: string;
  readonly resourceVersion: string;
}

const MAX_FRAME_BYTES = 8 * 1024 * 1024;
const WATCH_SECONDS = 240;
/** Between two tries to reach an API server that does not answer. */
const REST_MS = 1000;

/**
 * Reads the run and its records until they are what is awaited, or cannot become so, or the signal aborts. It reads again as soon as
 * one of them changes. @returns the last verdict; `Waiting` if the signal aborted
 * @throws Error if there is neither such a run nor a record of it @throws KubeError if the cluster could never be read
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
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      // The watches begin where these lists were read, so that no change in between is missed.
      const watched = await positions(client, reference, awaited.namespace, signal);
      verdict = await readVerdict(client, clock, awaited, signal);
      failure = undefined;
      if (verdict.state !== 'Waiting') return verdict;
      await nextChange(client, watched, awaited.namespace, signal);
    } catch (error) {
      if (isOver()) break;
      if (!isUnavailable(error)) throw error;
      failure = error;
      await clock.sleep(REST_MS, signal).catch(() => undefined);
    }
  }
  if (verdict === undefined) throw failure ?? new UncheckedError('the time was over before the cluster was read');
  return verdict;
}

async function readVerdict(
  client: Client,
  clock: Clock,
  { run, namespace, operatorNamespace, goal, policy }: AwaitedRun,
  signal: AbortSignal,
): Promise<WaitVerdict> {
  const reference = parseRunReference(run);
  const [runs, records] = await Promise.all([
    readRuns(client, { run, namespace }, signal),
    recordsOf(client, reference, namespace, signal),
  ]);
  const request = { goal, policy, now: clock.now() };
  if (runs.length === 0) {
    if (records.length === 0)
      throw new Error(`there is no TaskRun or PipelineRun "${run}" in namespace "${namespace}"`);
    return judgeWait({ pipelines: [], records, knowsPolicies: true }, request);
  }
  const { pipelines, unread } = await gatherPipelines(client, { namespace, operatorNamespace, signal });
  const verdicts = runs.map((summary) =>
    judgeWait(
      {
        run: summary,
        pipelines: pipelines.forNamespace(namespace),
        // An earlier run may have had this name.
        records: records.filter(({ spec }) => spec.runRef.uid === summary.uid),
        knowsPolicies: unread.length === 0,
      },
      request,
    ),
  );
  const states = verdicts.map(({ state }) => state);
  const state = states.includes('Failed') ? 'Failed' : states.every((each) => each === 'Met') ? 'Met' : 'Waiting';
  const lines = runs.flatMap(({ kind, name }, index) =>
    (verdicts[index]?.lines ?? []).map((line) => `${kind} ${namespace}/${name}: ${line}`),
  );
  return { state, lines };
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

/** Resolves with the first change of what is watched, or when a watch ends. */
async function nextChange(
  client: Client,
  watched: readonly Watched[],
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const others = new AbortController();
  const ended = AbortSignal.any([signal, others.signal]);
  const firsts = watched.map(async ({ resource, ...from }) => {
    const body = await client.watch(resource, { ...from, namespace, timeoutSeconds: WATCH_SECONDS, signal: ended });
    for await (const { type } of watchFrames(body, MAX_FRAME_BYTES)) if (type !== 'BOOKMARK') return;
  });
  try {
    await Promise.race(firsts);
  } finally {
    others.abort();
    await Promise.allSettled(firsts);
  }
}
