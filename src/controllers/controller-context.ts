// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import type { RetentionLimits } from '../api/v1alpha1/signing-policy/retention.ts';
import type { Reason } from '../api/v1alpha1/reasons.ts';
import type { Access } from '../credentials/access.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { RecordWriter } from '../records/record-writer.ts';
import type { Clock } from '../runtime/clock.ts';
import type { HeavyWork } from '../runtime/heavy-work.ts';
import type { TurnLine } from '../runtime/turn-line.ts';
import type { SecretValue } from '../runtime/secret-value.ts';
import type { RunTracing } from '../telemetry/tracing/run-tracing.ts';
import type { ChildNoteStore } from './child-notes/child-note-store.ts';
import type { Memory } from './memory/memory.ts';
import type { EvidenceVerifier } from './policy-services/evidence-verifier.ts';
import type { PolicyWitnesses } from './policy-services/policy-witnesses.ts';
import type { PolicySigners } from './policy-services/policy-signers.ts';
import type { SigningGate } from './policy-services/signing-gate.ts';
import type { DriverPool } from './policy-services/driver-pool.ts';

/** Ways to the outside: to the API server, to the servers that tenants name, and to logs and metrics. */
export interface Outside {
  readonly client: Pick<KubeClient, 'find' | 'pages' | 'create' | 'mergePatch' | 'replaceStatus' | 'delete'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  /** Reads Secrets and registries on behalf of tenants. */
  readonly access: Access;
  readonly keys: PolicySigners;
  readonly witnesses: PolicyWitnesses;
  /** Decides whether a policy signs. */
  readonly gate: SigningGate;
  readonly drivers: DriverPool;
  readonly evidence: EvidenceVerifier;
  readonly sealKey: SecretValue;
  /** The earlier key of a rotation, whose seals count too. */
  readonly previousSealKey?: SecretValue | undefined;
  /**
   * Throws when this replica does not hold the shard of the namespace any more: called before each external write. The empty name stands
   * for what belongs to no namespace. RecordWriter does so itself.
   */
  readonly fence: (namespace: string) => void;
  readonly observer: ControllerObserver;
  readonly tracing: RunTracing;
}

/** Everything that the reconcilers share, made anew for each process. A function takes the part that it needs. */
export interface ControllerContext extends Memory, Outside {
  /** The platform's default and limit for the retention of records. */
  readonly retention: RetentionLimits;
  /** The only writer of ProvenanceRecords. */
  readonly writer: RecordWriter;
  /** The writes of the status of policies and backends, a few at a time: a crowd of them must not use up the API server that records need. */
  readonly statusLine: Pick<TurnLine, 'result'>;
  /** The work on large runs, a piece at a time: it must not keep the event loop from everything else. */
  readonly heavyWork: HeavyWork;
  /** The only writer of notes about children. */
  readonly childNotes: ChildNoteStore;
}

/** Observes what the controllers do. Must not throw. */
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
  /** All promised backends hold the evidence of a record; `seconds` since the end of its run. */
  recordStored(event: { readonly seconds: number }): void;
  stored(event: { readonly type: string; readonly result: string; readonly seconds: number }): void;
  witnessed(event: { readonly result: Reason }): void;
  readBack(event: { readonly type: string; readonly result: 'Verified' | 'Failed' | 'Unread' }): void;
}
