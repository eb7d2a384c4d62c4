// SPDX-License-Identifier: Apache-2.0
import { RecordWriter } from '../../records/record-writer.ts';
import { standardRetention } from '../../api/v1alpha1/signing-policy/retention.ts';
import { untraced } from '../../telemetry/tracing/run-tracing.ts';
import type { ControllerContext } from '../controller-context.ts';
import { ChildNoteStore } from '../child-notes/child-note-store.ts';
import { emptyMemory, type MemoryOptions } from '../memory/memory.ts';
import { HeavyWork } from '../../runtime/heavy-work.ts';
import { TurnLine } from '../../runtime/turn-line.ts';
import { EvidenceVerifier } from '../policy-services/evidence-verifier.ts';
import { SigningGate } from '../policy-services/signing-gate.ts';

/** Concurrent writes of the status of policies and backends (docs/decisions/0041). */
const STATUS_WRITES = 2;

/** The ways to the outside, and the places that the controllers report to. */
export interface ContextOptions
  extends
    Omit<MemoryOptions, 'clock'>,
    Pick<
      ControllerContext,
      | 'client'
      | 'events'
      | 'clock'
      | 'keys'
      | 'drivers'
      | 'access'
      | 'witnesses'
      | 'sealKey'
      | 'previousSealKey'
      | 'observer'
    > {
  /** Verifies the evidence that backends return; `EvidenceVerifier` by default. */
  readonly evidence?: ControllerContext['evidence'];
  /** Without a default and a limit of the platform, the standard ones count. */
  readonly retention?: ControllerContext['retention'];
  /** Traces nothing by default. */
  readonly tracing?: ControllerContext['tracing'];
  /** True while this replica may write for a namespace. */
  readonly holds: (namespace: string) => boolean;
}

/** The context of one process: an empty memory, and the given ways to the outside. */
export function makeContext(options: ContextOptions): ControllerContext {
  const { operatorNamespace, holds, sealing, retention = standardRetention, tracing = untraced, ...outside } = options;
  const {
    client,
    clock,
    keys,
    sealKey,
    previousSealKey,
    witnesses,
    evidence = new EvidenceVerifier(witnesses, keys),
  } = outside;
  const memory = emptyMemory({ clock, operatorNamespace, retention, sealing });
  const { records, ownWrites, failingSeals } = memory;
  const fence = (namespace: string): void => {
    if (!holds(namespace)) throw new Error('this replica does not hold the shard any more: nothing is written');
  };
  return {
    ...outside,
    ...memory,
    writer: new RecordWriter({ client, sealKey, previousSealKey, fence, index: records, ownWrites, failingSeals }),
    statusLine: new TurnLine({ atOnce: STATUS_WRITES }),
    heavyWork: new HeavyWork(),
    childNotes: new ChildNoteStore({ client, operatorNamespace, sealKey, previousSealKey, fence }),
    gate: new SigningGate({ keys, witnesses, clock }),
    evidence,
    tracing,
    fence,
    retention,
  };
}
