// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { knownReason, type Reason, reasons } from '../../../api/v1alpha1/reasons.ts';
import { isWitnessed, wantedWitnesses } from '../../../records/artifact-needs.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { Problem } from '../../../api/v1alpha1/problem.ts';
import type { LoggingFact } from '../../../records/status/record-facts.ts';
import type { RecordSnapshot } from '../state/record-snapshot.ts';
import { holdsAnything, isDoneWith } from '../../../records/storage-state.ts';
import { namedRefusal, refusal } from '../../../pipelines/refusal.ts';
import { describePolicy } from '../../../pipelines/policy-key.ts';

/** Reasons that the last attempt to ask the witnesses may have left in the status. */
const witnessReasons: ReadonlySet<Reason> = new Set([
  reasons.TransparencyLogUnavailable,
  reasons.TimestampAuthorityUnavailable,
  reasons.EndpointForbidden,
  reasons.VerificationFailed,
]);

/**
 * The progress of the witnesses with a record's signatures; undefined where the policy asks for none. The current policy decides; after it
 * is gone, the witnesses that were wanted when the record was signed still count. Stored evidence is not witnessed any more.
 */
export function loggingFact(snapshot: RecordSnapshot, artifacts: readonly EvidenceArtifact[]): LoggingFact | undefined {
  if (!isStoredAnywhere(snapshot.record) && isAwaiting(snapshot, artifacts)) return pending(snapshot);
  const failure = artifacts.find(({ logFailure }) => logFailure !== undefined)?.logFailure;
  if (failure !== undefined) return { state: 'Without', message: failure };
  const isSeen = artifacts.every(({ logEntries, timestamps }) => logEntries !== undefined || timestamps !== undefined);
  return isSeen && artifacts.length > 0 ? { state: 'Logged' } : undefined;
}

/**
 * True when a backend holds anything of a record: then its evidence stays as it is, so that all backends hold the same. A dropped payload
 * is stored, whatever the status says.
 */
export function isStoredAnywhere({ object, storage }: Pick<TrustedRecord, 'object' | 'storage'>): boolean {
  const hasDropped = object.evidence?.artifacts?.some(({ payload }) => payload === undefined) === true;
  return hasDropped || storage.some((entry) => isDoneWith(entry.state) || holdsAnything(entry));
}

function isAwaiting(snapshot: RecordSnapshot, artifacts: readonly EvidenceArtifact[]): boolean {
  const { policy } = snapshot;
  // A refused policy does not decide which witnesses count.
  if (policy === undefined || refusal(policy) !== undefined)
    return artifacts.some((artifact) => !isWitnessed(artifact, artifact.witnesses ?? []));
  const wanted = wantedWitnesses(policy.spec.transparency);
  if (artifacts.length === 0) return wanted.length > 0;
  return artifacts.some((artifact) => !isWitnessed(artifact, wanted));
}

function pending(snapshot: RecordSnapshot): LoggingFact {
  const undecided = noPolicy(snapshot);
  if (undecided !== undefined) return { state: 'Pending', problem: undecided };
  const logged = snapshot.record.object.status?.conditions?.find(({ type }) => type === 'Logged');
  const reason = knownReason(logged?.reason);
  const isWaiting = logged?.status === 'False' && reason !== undefined && witnessReasons.has(reason);
  return isWaiting ? { state: 'Pending', problem: { reason, message: logged.message } } : { state: 'Pending' };
}

/** The reason why the witnesses to ask are unknown. */
function noPolicy({ policy, record }: RecordSnapshot): Problem | undefined {
  const name = describePolicy(record.policy);
  if (policy === undefined) {
    const message = `${name} was deleted before the signatures were witnessed as it asked: create it again to have this finished, or delete this record`;
    return { reason: reasons.PolicyDeleted, message };
  }
  return namedRefusal(policy);
}
