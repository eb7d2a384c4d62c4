// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { isWitnessed } from './artifact-needs.ts';
import type { LoggingFact } from './record-facts.ts';
import type { RecordSnapshot } from './record-snapshot.ts';

/** How far witnesses have seen a record's signatures; undefined where nobody asks for that. */
export function loggingFact(
  { record, transparency }: RecordSnapshot,
  artifacts: readonly EvidenceArtifact[],
): LoggingFact | undefined {
  const failure = artifacts.find(({ logFailure }) => logFailure !== undefined)?.logFailure;
  if (failure !== undefined) return { state: 'Without', message: failure };
  if (transparency === undefined) {
    const isSeen = artifacts.some(({ logEntries, timestamps }) => logEntries !== undefined || timestamps !== undefined);
    return isSeen ? { state: 'Logged' } : undefined;
  }
  if (artifacts.length > 0 && artifacts.every((artifact) => isWitnessed(artifact, transparency)))
    return { state: 'Logged' };
  const said = record.object.status?.conditions?.find(({ type }) => type === 'Logged');
  const reason = Object.values(reasons).find((known) => known === said?.reason);
  const isWaiting = said?.status === 'False' && reason !== undefined && reason !== reasons.Progressing;
  return isWaiting ? { state: 'Pending', problem: { reason, message: said.message } } : { state: 'Pending' };
}
