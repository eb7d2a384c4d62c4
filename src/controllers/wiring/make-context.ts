// SPDX-License-Identifier: Apache-2.0
import { Pipelines } from '../../pipelines/pipelines.ts';
import type { ControllerContext } from '../controller-context.ts';
import { AnnotationOwners } from '../memory/annotation-owners.ts';
import { EvidenceVerifier } from '../policy-services/evidence-verifier.ts';
import { RecordWriter } from '../../records/record-writer.ts';
import { FailingSeals, type FailingSealsOptions } from '../memory/failing-seals.ts';
import { OwnWrites } from '../memory/own-writes.ts';
import { RecordIndex } from '../memory/record-index.ts';
import { RetirementMarks } from '../memory/retirement-marks.ts';
import { UnconfirmedStores } from '../memory/unconfirmed-stores.ts';
import { UnrecordedTestimonies } from '../memory/unrecorded-testimonies.ts';
import { RunIndex } from '../memory/run-index.ts';
import { SigningGate } from '../policy-services/signing-gate.ts';
import { BackendHealth } from '../memory/backend-health.ts';
import { SuspectBackends } from '../memory/suspect-backends.ts';

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
  const { client, clock, keys, sealKey, witnesses, evidence = new EvidenceVerifier(witnesses, keys) } = world;
  const records = new RecordIndex();
  const ownWrites = new OwnWrites(clock);
  const failingSeals = new FailingSeals({ clock, ...sealing });
  const fence = (): void => {
    if (!isLeader()) throw new Error('this replica does not lead any more: nothing is written');
  };
  return {
    ...world,
    pipelines: new Pipelines(operatorNamespace),
    records,
    writer: new RecordWriter({ client, sealKey, fence, index: records, ownWrites, failingSeals }),
    ownWrites,
    unconfirmedStores: new UnconfirmedStores(),
    unrecordedTestimonies: new UnrecordedTestimonies(),
    retirementMarks: new RetirementMarks(clock),
    failingSeals,
    runs: new RunIndex(),
    owners: new AnnotationOwners(records),
    health: new BackendHealth(),
    suspects: new SuspectBackends(clock),
    gate: new SigningGate({ keys, witnesses, clock }),
    evidence,
    fence,
  };
}
