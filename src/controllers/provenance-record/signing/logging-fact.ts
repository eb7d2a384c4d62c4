// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { type Reason, reasons } from '../../../api/v1alpha1/reasons.ts';
import { isWitnessed, wantedWitnesses } from '../../../records/artifact-needs.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { Problem } from '../../../api/v1alpha1/problem.ts';
import type { LoggingFact } from '../../../records/record-facts.ts';
import type { RecordSnapshot } from '../record-snapshot.ts';
import { holdsAnything, isDoneWith } from '../../../records/storage-state.ts';
import { describePolicy } from '../../../pipelines/policy-key.ts';

/** What witnesses fail with, as their last attempt wrote it down. */
const witnessReasons: ReadonlySet<Reason> = new Set([
  reasons.TransparencyLogUnavailable,
  reasons.TimestampAuthorityUnavailable,
  reasons.EndpointForbidden,
  reasons.VerificationFailed,
]);

/**
 * How far witnesses have seen a record's signatures; undefined where nobody asks for that. The policy as it is now says what is asked for;
 * when it is gone, what it asked for when the signature was made still holds. What is stored anywhere is not witnessed any more.
 */
export function loggingFact(snapshot: RecordSnapshot, artifacts: readonly EvidenceArtifact[]): LoggingFact | undefined {
  if (!isStoredAnywhere(snapshot.record) && isAwaiting(snapshot, artifacts)) return pending(snapshot);
  const failure = artifacts.find(({ logFailure }) => logFailure !== undefined)?.logFailure;
  if (failure !== undefined) return { state: 'Without', message: failure };
  const isSeen = artifacts.every(({ logEntries, timestamps }) => logEntries !== undefined || timestamps !== undefined);
  return isSeen && artifacts.length > 0 ? { state: 'Logged' } : undefined;
}

/** True when a backend was given anything of a record: then its evidence stays as it is, so that all of them hold the same. */
export function isStoredAnywhere({ storage }: Pick<TrustedRecord, 'storage'>): boolean {
  return storage.some((entry) => isDoneWith(entry.state) || holdsAnything(entry));
}

function isAwaiting(snapshot: RecordSnapshot, artifacts: readonly EvidenceArtifact[]): boolean {
  const { policy } = snapshot;
  // Of a policy that cannot be read as it is written not even this is known.
  if (policy?.invalid !== undefined || policy === undefined)
    return artifacts.some((artifact) => !isWitnessed(artifact, artifact.witnesses ?? []));
  const wanted = wantedWitnesses(policy.spec.transparency);
  if (artifacts.length === 0) return wanted.length > 0;
  return artifacts.some((artifact) => !isWitnessed(artifact, wanted));
}

function pending(snapshot: RecordSnapshot): LoggingFact {
  const unheard = noPolicy(snapshot);
  if (unheard !== undefined) return { state: 'Pending', problem: unheard };
  const said = snapshot.record.object.status?.conditions?.find(({ type }) => type === 'Logged');
  const reason = Object.values(reasons).find((known) => known === said?.reason);
  const isWaiting = said?.status === 'False' && reason !== undefined && witnessReasons.has(reason);
  return isWaiting ? { state: 'Pending', problem: { reason, message: said.message } } : { state: 'Pending' };
}

/** Why nobody can say which witnesses to ask. */
function noPolicy({ policy, record }: RecordSnapshot): Problem | undefined {
  const name = describePolicy(record.policy);
  if (policy === undefined) {
    const message = `${name} was deleted before the signatures were witnessed as it asked: create it again to have this finished, or delete this record`;
    return { reason: reasons.PolicyDeleted, message };
  }
  return policy.invalid === undefined
    ? undefined
    : { reason: reasons.PolicyInvalid, message: `${name} is invalid: ${policy.invalid}` };
}
