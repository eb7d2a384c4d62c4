// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import type { Reason } from '../api/v1alpha1/reasons.ts';
import type { Access } from '../credentials/access.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeObjectReader } from '../kube/kube-object-reader.ts';
import type { Pipelines } from '../pipelines/pipelines.ts';
import type { RecordWriter } from '../records/record-writer.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SecretValue } from '../runtime/secret-value.ts';
import type { AnnotationOwners } from './memory/annotation-owners.ts';
import type { EvidenceVerifier } from './policy-services/evidence-verifier.ts';
import type { FailingSeals } from './memory/failing-seals.ts';
import type { OwnWrites } from './memory/own-writes.ts';
import type { PolicyWitnesses } from './policy-services/policy-witnesses.ts';
import type { RecordIndex } from './memory/record-index.ts';
import type { RetirementMarks } from './memory/retirement-marks.ts';
import type { UnconfirmedStores } from './memory/unconfirmed-stores.ts';
import type { UnrecordedTestimonies } from './memory/unrecorded-testimonies.ts';
import type { RunIndex } from './memory/run-index.ts';
import type { PolicySigners } from './policy-services/policy-signers.ts';
import type { SigningGate } from './policy-services/signing-gate.ts';
import type { BackendHealth } from './memory/backend-health.ts';
import type { DriverPool } from './policy-services/driver-pool.ts';
import type { SuspectBackends } from './memory/suspect-backends.ts';

/** What the reconcilers share. One for each time that the process leads. */
export interface ControllerContext {
  readonly client: Pick<KubeClient, 'find' | 'listAll' | 'create' | 'mergePatch' | 'replaceStatus' | 'delete'>;
  readonly objects: KubeObjectReader;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  readonly pipelines: Pipelines;
  readonly records: RecordIndex;
  /** What this process did with records that it was not told back yet. */
  readonly ownWrites: OwnWrites;
  readonly unconfirmedStores: UnconfirmedStores;
  readonly unrecordedTestimonies: UnrecordedTestimonies;
  readonly retirementMarks: RetirementMarks;
  readonly failingSeals: FailingSeals;
  readonly runs: RunIndex;
  readonly owners: AnnotationOwners;
  readonly keys: PolicySigners;
  /** Decides whether a policy signs. */
  readonly gate: SigningGate;
  readonly drivers: DriverPool;
  /** What reads registries for what a run built. */
  readonly access: Access;
  /** What the last probe of each backend found. */
  readonly health: BackendHealth;
  readonly suspects: SuspectBackends;
  readonly witnesses: PolicyWitnesses;
  readonly evidence: EvidenceVerifier;
  readonly sealKey: SecretValue;
  readonly writer: RecordWriter;
  /** Throws when the lease is not held any more: asked before each external write. */
  readonly fence: () => void;
  /** Tells what happened, for logs and metrics. */
  readonly observer: ControllerObserver;
}

/** Hears what the controllers did. Must not throw. */
export interface ControllerObserver {
  recordCreated(event: { readonly key: string; readonly kind: RunKind; readonly isSigned: boolean }): void;
  recordRejected(event: { readonly key: string; readonly why: string; readonly isDeleted: boolean }): void;
  recordRetired(event: { readonly key: string; readonly why: string }): void;
  recordChanged(event: {
    readonly key: string;
    readonly isReady: boolean;
    readonly reason: string;
    readonly message: string;
  }): void;
  stored(event: { readonly type: string; readonly result: string; readonly seconds: number }): void;
  witnessed(event: { readonly result: Reason }): void;
  readBack(event: { readonly type: string; readonly result: 'Verified' | 'Failed' | 'Unread' }): void;
}
