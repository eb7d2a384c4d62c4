// SPDX-License-Identifier: Apache-2.0
import type { RetentionLimits } from '../../api/v1alpha1/signing-policy/retention.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import type { Clock } from '../../runtime/clock.ts';
import { AnnotationOwners } from './records/annotation-owners.ts';
import { BackendHealth } from './backend-health.ts';
import { FinishNotes } from './runs/finish-notes.ts';
import { GuardedRuns } from './runs/guarded-runs.ts';
import { FailingSeals, type FailingSealsOptions } from './records/failing-seals.ts';
import { OwnWrites } from './records/own-writes.ts';
import { OwnedShards } from './owned-shards.ts';
import { QuietTurns } from './records/quiet-turns.ts';
import { ReadBackRounds } from './records/read-back-rounds.ts';
import { RecordIndex } from './records/record-index.ts';
import { RecordRoom } from './records/record-room.ts';
import { RetirementMarks } from './retirement-marks.ts';
import { RunIndex } from './runs/run-index.ts';
import { RunsOfOthers } from './runs/runs-of-others.ts';
import { ShownConditions } from './shown-conditions.ts';
import { SuspectBackends } from './suspect-backends.ts';
import { UnconfirmedStores } from './records/unconfirmed-stores.ts';
import { UnrecordedTestimonies } from './records/unrecorded-testimonies.ts';

/** The memory that the controllers share. The README of this folder lists for each part what clears it and what a restart loses. */
export interface Memory {
  readonly pipelines: Pipelines;
  readonly records: RecordIndex;
  readonly recordRoom: RecordRoom;
  readonly runs: RunIndex;
  readonly finishNotes: FinishNotes;
  readonly guardedRuns: GuardedRuns;
  readonly shards: OwnedShards;
  readonly runsOfOthers: RunsOfOthers;
  readonly ownWrites: OwnWrites;
  readonly unconfirmedStores: UnconfirmedStores;
  readonly unrecordedTestimonies: UnrecordedTestimonies;
  readonly quietTurns: QuietTurns;
  readonly readBackRounds: ReadBackRounds;
  readonly owners: AnnotationOwners;
  readonly failingSeals: FailingSeals;
  readonly retirementMarks: RetirementMarks;
  readonly health: BackendHealth;
  readonly suspects: SuspectBackends;
  readonly shownConditions: ShownConditions;
}

export interface MemoryOptions {
  readonly clock: Clock;
  readonly operatorNamespace: string;
  /** The operator's default and limit for the retention of records; the standard ones when absent. */
  readonly retention?: RetentionLimits;
  /** Keys that records may have been sealed with before, and a listener for records that are left alone. */
  readonly sealing?: Omit<FailingSealsOptions, 'clock' | 'namespaces'> | undefined;
}

/** The empty memory with which a process begins. */
export function emptyMemory({ clock, operatorNamespace, retention, sealing = {} }: MemoryOptions): Memory {
  const records = new RecordIndex();
  const pipelines = new Pipelines(operatorNamespace, retention);
  const recordRoom = new RecordRoom({
    clock,
    bounds: (namespace) => pipelines.bounds.recordBounds(namespace),
    use: (namespace) => records.use(namespace),
    isRecorded: (record) => records.get(record) !== undefined,
  });
  // The payloads of a record that is stored may be dropped.
  records.onSmaller((namespace) => {
    recordRoom.wake(namespace);
  });
  return {
    pipelines,
    records,
    recordRoom,
    runs: new RunIndex(),
    finishNotes: new FinishNotes(),
    guardedRuns: new GuardedRuns(),
    shards: new OwnedShards(clock),
    runsOfOthers: new RunsOfOthers(),
    ownWrites: new OwnWrites(clock),
    unconfirmedStores: new UnconfirmedStores(),
    unrecordedTestimonies: new UnrecordedTestimonies(),
    quietTurns: new QuietTurns(clock),
    readBackRounds: new ReadBackRounds(),
    owners: new AnnotationOwners(records),
    failingSeals: new FailingSeals({ clock, namespaces: () => records.namespaces, ...sealing }),
    retirementMarks: new RetirementMarks(clock),
    health: new BackendHealth(),
    suspects: new SuspectBackends(clock),
    shownConditions: new ShownConditions(clock),
  };
}
