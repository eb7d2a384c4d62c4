// SPDX-License-Identifier: Apache-2.0
import { field } from '../../json/fields.ts';
import { isNotServed } from '../../kube/kube-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { objectMetadata } from '../../kube/object-metadata.ts';
import { objectKey } from '../../kube/resource.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { readRecord } from '../read-record.ts';
import type { SealedRecordFound, SealKey } from './seal-key.ts';

/** So many records of each namespace in scope are looked at before the operator begins. */
const LOOKED_AT = 500;

export interface SealedRecordsOptions {
  readonly client: Pick<KubeClient, 'pages'>;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly signal: AbortSignal;
}

/** The first record in scope that carries a seal, whoever made it. */
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
 * Why this operator must not begin: the records in its scope are another operator's, and none is its own.
 * @returns undefined when it may
 */
export async function whyNotAlone(key: SealKey, options: SealedRecordsOptions): Promise<string | undefined> {
  let other: string | undefined;
  for await (const object of someRecords(options)) {
    const read = readRecord(object, key.value);
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
