// SPDX-License-Identifier: Apache-2.0
import type { BackendRef, EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import type { Problem } from '../../../api/v1alpha1/problem.ts';
import type { CompiledBackend } from '../../../pipelines/definitions.ts';
import type { StatusFacts } from '../../../records/status/record-facts.ts';
import type { RunSigner } from '../../../signing/run-signer.ts';
import type { BoundBackend } from './record-snapshot.ts';

/** A backend to store in now. */
export interface StoreStep {
  readonly bound: BoundBackend;
  readonly backend: CompiledBackend;
}

/** The next action on a record. `facts` describe its state before that action. */
export type RecordPlan = RetirePlan | BindPlan | WaitPlan | DropPlan | AdvancePlan;

/** Delete the record. */
export interface RetirePlan {
  readonly action: 'Retire';
  readonly why: string;
}

/** Bind the record to these backends: the run that would decide is gone, or the backends that it is bound to are. */
export interface BindPlan {
  readonly action: 'Bind';
  readonly backendRefs: readonly BackendRef[];
  readonly facts: StatusFacts;
}

/** Report why there is no payload or no signature, and do nothing else. */
export interface WaitPlan {
  readonly action: 'Wait';
  readonly facts: StatusFacts & { readonly unsigned: Problem };
  /** The time at which the record retires by the clock, in milliseconds since the epoch. */
  readonly retiresAtMs?: number;
}

/** Replace the artifacts by the same without the payloads that backends hold. */
export interface DropPlan {
  readonly action: 'Drop';
  readonly artifacts: readonly EvidenceArtifact[];
  readonly facts: StatusFacts;
  /** As in WaitPlan. */
  readonly retiresAtMs?: number;
}

/** Sign, then witness, then store. */
export interface AdvancePlan {
  readonly action: 'Advance';
  readonly facts: StatusFacts;
  /** Signs the artifacts that are unsigned. */
  readonly sign?: RunSigner;
  /** True when the witnesses are asked now. Nothing is stored while `facts.logging` is `Pending`. */
  readonly witness: boolean;
  readonly store: readonly StoreStep[];
  /** As in WaitPlan. */
  readonly retiresAtMs?: number;
}
