// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecordEvidence, ProvenanceRecordSpec } from '../../api/v1alpha1/provenance-record/schema.ts';
import { sealKeyID, sealRecord } from '../../records/seal/seal.ts';
import { objectKey } from '../../kube/resource.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { noteOwnWrite } from './note-own-write.ts';
import { readBack } from './read-own-write.ts';
import type { TrustedRecord } from '../../records/read-record.ts';

/**
 * Adds to exactly this version of a record what it may be given once, under a new seal.
 * @returns the record as it is now. @throws KubeError that is a Conflict when it changed meanwhile
 */
export async function amendRecord(
  context: Pick<ControllerContext, 'client' | 'failingSeals' | 'fence' | 'ownWrites' | 'records' | 'sealKey'>,
  record: TrustedRecord,
  parts: { readonly spec: ProvenanceRecordSpec; readonly evidence: Partial<ProvenanceRecordEvidence> },
  signal: AbortSignal,
): Promise<TrustedRecord> {
  const { namespace, name, uid, resourceVersion } = record.object.metadata;
  const { spec } = parts;
  const evidence = { ...parts.evidence, sealKeyID: sealKeyID(context.sealKey) };
  const seal = sealRecord({ key: context.sealKey, namespace, name, spec, evidence });
  const metadata = { namespace, name, uid, resourceVersion };
  context.fence();
  const patch = { metadata, spec, evidence: { ...evidence, seal } };
  const write = context.client.mergePatch(hallmarkResource('ProvenanceRecord'), patch, { signal });
  const written = await context.ownWrites.certain(objectKey(metadata), write);
  const read = readBack(context, written);
  noteOwnWrite(context, read, resourceVersion);
  return read;
}
