// SPDX-License-Identifier: Apache-2.0
import { type AnnotatingContext, annotateRun } from './annotate-run.ts';
import type { ControllerContext } from '../../controller-context.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { BackendFact, StatusFacts } from '../../../records/status/record-facts.ts';
import type { Attempts } from '../../memory/records/attempts.ts';
import { type BackendContext, type BackendWork, storeInBackend } from './store-in-backend.ts';
import { outlasts } from '../../../runtime/deadline.ts';
import type { WorkerLanes } from '../../../runtime/lanes/worker-lanes.ts';
import { type StatusContext, writeRecordStatus } from '../state/write-record-status.ts';
import { recordKey, type RecordKey } from '../../../records/record-key.ts';
import { backendKey, type BackendKey } from '../../../pipelines/backend-key.ts';
import type { StoreStep } from '../state/record-plan.ts';
import { backendLane } from '../../shares/server-lanes.ts';

/** The time for which the status waits for slow backends. */
const COALESCE_MS = 2_000;

/** A record whose evidence is ready. */
export interface StoreWork {
  readonly record: TrustedRecord;
  readonly facts: StatusFacts;
  readonly store: readonly StoreStep[];
}

export interface Storing {
  readonly attempts: Attempts;
  readonly lanes: WorkerLanes<RecordKey>;
}

/** The waits of a record that was stored in all backends that had room. */
export interface Waits {
  /** The backends that have no room now: the record is woken when its turn comes. */
  readonly deferred: readonly BackendKey[];
  /** Seconds until the status reports that the record waits; undefined when it is written already. */
  readonly quietSeconds: number | undefined;
}

/**
 * Stores in every due backend in parallel, annotates the run where it is asked for, and writes the result to the status; a slow backend does not hide the others. A record that only
 * waits for its turn leaves its status unchanged for a while.
 */
export async function storeRecord(
  context: BackendContext & StatusContext & AnnotatingContext & Pick<ControllerContext, 'quietTurns'>,
  storing: Storing,
  work: StoreWork,
  signal: AbortSignal,
): Promise<Waits> {
  const { record, facts, store } = work;
  const backends = [...(facts.backends ?? [])];
  const reached = (): StatusFacts => ({ ...facts, backends: facts.backends === undefined ? undefined : [...backends] });
  const deferred: BackendKey[] = [];
  const puts = store.map(async (step) => {
    const { kind, name } = step.bound.ref;
    const at = backends.findIndex(({ backendRef }) => backendRef.kind === kind && backendRef.name === name);
    const fact = await inTurn(storing.lanes, { record, before: backends[at], step }, (turn) =>
      storeInBackend(context, storing.attempts, turn, signal),
    );
    if (fact === undefined) deferred.push(backendKey(step.backend));
    else backends[at] = fact;
  });
  const all = Promise.allSettled(puts);
  const isSlow = puts.length > 1 && (await outlasts(all, COALESCE_MS, context.clock));
  let current = record;
  try {
    if (isSlow) current = await writeRecordStatus(context, record, reached(), signal);
  } finally {
    // Nothing of this reconcile may overlap with the next one of the same record.
    await all;
  }
  const quietSeconds = quietOf(context, record, deferred.length > 0 && deferred.length === puts.length);
  // An error of one backend must not hide what the others hold.
  if (quietSeconds === 0) {
    const annotated = await annotateRun(context, storing.attempts, { record: current, facts: reached() }, signal);
    await writeRecordStatus(context, current, annotated, signal);
  }
  for (const result of await all) if (result.status === 'rejected') throw result.reason;
  return { deferred, quietSeconds: quietSeconds === 0 ? undefined : quietSeconds };
}

/** Seconds for which a record that only waits for its turn leaves its status unchanged. */
function quietOf(
  { quietTurns }: Pick<ControllerContext, 'quietTurns'>,
  { object }: TrustedRecord,
  isWaiting: boolean,
): number {
  const key = recordKey(object.metadata);
  if (isWaiting) return quietTurns.secondsLeft(key);
  quietTurns.end(key);
  return 0;
}

/** @returns undefined when the backend has no room for another record now */
async function inTurn(
  lanes: WorkerLanes<RecordKey>,
  work: BackendWork,
  store: (work: BackendWork) => Promise<BackendFact>,
): Promise<BackendFact | undefined> {
  const { metadata } = work.record.object;
  const leave = lanes.enter([backendLane(work.step.backend, metadata.namespace)], recordKey(metadata));
  if (leave === undefined) return undefined;
  try {
    return await store(work);
  } finally {
    leave();
  }
}
