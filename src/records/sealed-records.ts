// SPDX-License-Identifier: Apache-2.0
import { field } from '../json/fields.ts';
import { isNotServed } from '../kube/kube-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { objectMetadata } from '../kube/object-metadata.ts';
import { objectKey } from '../kube/resource.ts';
import { hallmarkResource } from '../kube/hallmark-resource.ts';
import { readRecord } from './read-record.ts';
import type { SealedRecordFound, SealKey } from './seal/seal-key.ts';

/** The number of records per namespace that are checked before the operator starts. */
const LOOKED_AT = 500;

export interface SealedRecordsOptions {
  readonly client: Pick<KubeClient, 'pages'>;
  /** Empty for all namespaces. */
  readonly namespaces: readonly string[];
  readonly signal: AbortSignal;
}

/** The first record in scope that carries any seal. */
export async function findSealed(options: SealedRecordsOptions): Promise<SealedRecordFound | undefined> {
  for await (const object of someRecords(options)) {
    const metadata = objectMetadata(object);
    const evidence = field(object, 'evidence');
    if (metadata === undefined || typeof field(evidence, 'seal') !== 'string') continue;
    const keyID = field(evidence, 'sealKeyID');
    return { name: objectKey(metadata), ...(typeof keyID === 'string' ? { keyID } : {}) };
  }
  return undefined;
}

/**
 * Checks that the records in scope are not all another operator's. @returns the reason why this operator must not start; undefined when it
 * may
 */
export async function whyNotAlone(key: SealKey, options: SealedRecordsOptions): Promise<string | undefined> {
  let other: string | undefined;
  for await (const object of someRecords(options)) {
    const read = readRecord(object, key.value, { previousSealKey: key.previous });
    if (read?.isTrusted === true) return undefined;
    if (read?.sealedBy === undefined || key.replaces.has(read.sealedBy)) continue;
    other ??= `ProvenanceRecord ${objectKey(read)} is sealed with key ${read.sealedBy}, which is not this operator's, and no record is its own: another operator works here, or Secret hallmark-seal was made anew. Remove one of the operators or give them separate watchNamespaces, restore the Secret, or list that key in its entry "replaces"`;
  }
  return other;
}

async function* someRecords({ client, namespaces, signal }: SealedRecordsOptions): AsyncGenerator {
  const resource = hallmarkResource('ProvenanceRecord');
  for (const namespace of namespaces.length === 0 ? [undefined] : namespaces) {
    try {
      for await (const page of client.pages(resource, { namespace, pageSize: LOOKED_AT, signal })) {
        yield* page.items;
        break;
      }
    } catch (error) {
      // Without the CRD there are no records.
      if (!isNotServed(error)) throw error;
    }
  }
}
