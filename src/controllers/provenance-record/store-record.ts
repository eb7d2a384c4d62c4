// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { fromEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import { objectKey } from '../../kube/resource.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { RecordPlan } from './plan-record.ts';
import type { TrustedRecord } from './read-record.ts';
import type { BackendFact, Problem } from './record-facts.ts';
import type { StoreAttempts } from './store-attempts.ts';
import { storeEvidence, type StoreResult } from './store-evidence.ts';
import { writeRecordStatus } from './write-record-status.ts';

/** The status waits so long for slow backends before it is written without them. */
const COALESCE_MS = 2_000;

/** Stores in every backend that is due, in parallel, and writes how it went; a slow backend does not hide the others. */
export async function storeRecord(
  context: ControllerContext,
  attempts: StoreAttempts,
  work: { readonly record: TrustedRecord; readonly plan: RecordPlan },
  signal: AbortSignal,
): Promise<TrustedRecord> {
  const { record, plan } = work;
  const facts = [...(plan.backends ?? [])];
  const written = (): RecordPlan => ({ ...plan, backends: plan.backends === undefined ? undefined : [...facts] });
  const puts = plan.store.map(async (task) => {
    const { fact } = await put(context, attempts, { record, task }, signal);
    replaceFact(facts, fact);
  });
  const all = Promise.allSettled(puts);
  const isSlow = puts.length > 1 && (await outlasts(context, all, COALESCE_MS));
  let current = record;
  try {
    if (isSlow) current = await writeRecordStatus(context, record, written(), signal);
  } finally {
    // Nothing of this reconcile may go on behind the next one of the same record.
    await all;
  }
  // What one backend threw must not hide what the others hold.
  const last = await writeRecordStatus(context, current, written(), signal);
  for (const result of await all) if (result.status === 'rejected') throw result.reason;
  return last;
}

function replaceFact(facts: BackendFact[], fact: BackendFact): void {
  const { kind, name } = fact.backendRef;
  const at = facts.findIndex(({ backendRef }) => backendRef.kind === kind && backendRef.name === name);
  if (at >= 0) facts[at] = fact;
}

async function outlasts(context: ControllerContext, work: Promise<unknown>, ms: number): Promise<boolean> {
  const over = new AbortController();
  const slow = context.clock.sleep(ms, over.signal).then(
    () => true,
    () => false,
  );
  const isSlow = await Promise.race([
    slow,
    work.then(
      () => false,
      () => false,
    ),
  ]);
  over.abort();
  return isSlow;
}

async function put(
  context: ControllerContext,
  attempts: StoreAttempts,
  { record, task }: { readonly record: TrustedRecord; readonly task: RecordPlan['store'][number] },
  signal: AbortSignal,
): Promise<StoreResult> {
  const { spec, evidence, metadata } = record.object;
  const { ref } = task.bound;
  const conflict = task.backend.spec.type === 'Tekton' ? annotationConflict(context, record) : undefined;
  if (conflict !== undefined) {
    const backendRef = { kind: ref.kind, name: ref.name };
    return { fact: { backendRef, state: 'Pending', locations: [], problem: conflict } };
  }
  const types = task.backend.spec.artifacts;
  const artifacts = (evidence?.artifacts ?? []).filter(({ type }) => types.includes(type)).map(fromEvidenceArtifact);
  const { namespace } = metadata;
  const run = { ...spec.runRef, namespace, serviceAccountName: spec.serviceAccountName, policy: record.policy };
  const beganMs = context.clock.monotonicMs();
  const { fence } = context;
  const store = { ref, driver: context.drivers.driver(task.backend), artifacts, types, run, fence };
  const result = await storeEvidence(store, () => context.clock.now(), signal);
  const { state, problem } = result.fact;
  const seconds = (context.clock.monotonicMs() - beganMs) / 1000;
  context.observer.stored({ type: task.backend.spec.type, result: problem?.reason ?? state, seconds });
  const [recordKey, backendKey] = [objectKey(metadata), `${ref.kind}/${ref.name}`];
  if (result.retry === undefined) attempts.succeeded(recordKey, backendKey);
  else attempts.failed(recordKey, backendKey, result.retry.afterSeconds);
  return result;
}

/** Why this record may not write its run's annotations: another policy's evidence lies under the same names. */
function annotationConflict(context: ControllerContext, record: TrustedRecord): Problem | undefined {
  const key = objectKey(record.object.metadata);
  const owner = context.owners.claim(record.object.spec.runRef.uid, key);
  if (owner === key) return undefined;
  const message = `the annotations of the run hold the evidence of ProvenanceRecord ${owner}: let only one policy use a Tekton backend for this run, or delete that record`;
  return { reason: reasons.KeyConflict, message };
}
