// SPDX-License-Identifier: Apache-2.0
import { Pipelines } from '../pipelines/pipelines.ts';
import type { ControllerContext } from './controller-context.ts';
import { AnnotationOwners } from './provenance-record/annotation-owners.ts';
import { EvidenceVerifier } from './provenance-record/evidence-verifier.ts';
import { FailingSeals, type FailingSealsOptions } from './provenance-record/failing-seals.ts';
import { OwnWrites } from './provenance-record/own-writes.ts';
import { RecordIndex } from './provenance-record/record-index.ts';
import { RetirementMarks } from './provenance-record/retirement-marks.ts';
import { StoredLately } from './provenance-record/stored-lately.ts';
import { WitnessedLately } from './provenance-record/witnessed-lately.ts';
import { RunIndex } from './run/run-index.ts';
import { SigningGate } from './signing-policy/signing-gate.ts';
import { BackendHealthBook } from './storage-backend/backend-health-book.ts';
import { SuspectBackends } from './storage-backend/suspect-backends.ts';

/** Ways to the world beyond the controllers' memory, and the places they report to. */
export interface ContextOptions extends Pick<
  ControllerContext,
  'client' | 'objects' | 'events' | 'clock' | 'keys' | 'drivers' | 'access' | 'witnesses' | 'sealKey' | 'observer'
> {
  readonly operatorNamespace: string;
  /** Keys that records may have been sealed with before, and what to do when records are left alone. */
  readonly sealing?: Omit<FailingSealsOptions, 'clock'>;
  /** Judges what stores give back; the real judge when absent. */
  readonly evidence?: ControllerContext['evidence'];
  /** True when this replica may act now. */
  readonly isLeader: () => boolean;
}

/** The context of one leadership: an empty memory, and the given ways to the world. */
export function makeContext(options: ContextOptions): ControllerContext {
  const { operatorNamespace, isLeader, sealing = {}, ...world } = options;
  const { clock, keys, witnesses, evidence = new EvidenceVerifier(witnesses, keys) } = world;
  const records = new RecordIndex();
  return {
    ...world,
    pipelines: new Pipelines(operatorNamespace),
    records,
    ownWrites: new OwnWrites(clock),
    storedLately: new StoredLately(),
    witnessedLately: new WitnessedLately(),
    retirementMarks: new RetirementMarks(clock),
    failingSeals: new FailingSeals({ clock, ...sealing }),
    runs: new RunIndex(),
    owners: new AnnotationOwners(records),
    health: new BackendHealthBook(),
    suspects: new SuspectBackends(clock),
    gate: new SigningGate({ keys, witnesses, clock }),
    evidence,
    fence: () => {
      if (!isLeader()) throw new Error('this replica does not lead any more: nothing is written');
    },
  };
}
