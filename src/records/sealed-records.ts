// SPDX-License-Identifier: Apache-2.0
import { field } from '../json/fields.ts';
import { NAMESPACES } from '../kube/core-resources.ts';
import { isNotServed } from '../kube/kube-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { objectMetadata } from '../kube/object-metadata.ts';
import type { ListOptions, ListPage } from '../kube/watch/list-pages.ts';
import { objectKey } from '../kube/resource.ts';
import { hallmarkResource } from '../kube/hallmark-resource.ts';
import { readRecord } from './read-record.ts';
import type { SealedRecordFound, SealKey } from './seal/seal-key.ts';

/** The number of records that are checked before the operator starts, in each namespace that it watches or in all. */
const LOOKED_AT = 500;
/** The number in each namespace of the cluster, where there are more. */
const LOOKED_AT_IN_EACH = 20;

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

/** Some of the records of each namespace, so that a team that fills one cannot hide those of the others. */
async function* someRecords({ client, namespaces, signal }: SealedRecordsOptions): AsyncGenerator {
  for (const namespace of namespaces) yield* (await firstPage(client, { namespace, signal })).items;
  if (namespaces.length > 0) return;
  const { items, isLast } = await firstPage(client, { signal });
  yield* items;
  if (isLast) return;
  for await (const page of client.pages(NAMESPACES, { signal })) {
    for (const object of page.items) {
      const namespace = objectMetadata(object)?.name;
      yield* (await firstPage(client, { namespace, pageSize: LOOKED_AT_IN_EACH, signal })).items;
    }
  }
}

async function firstPage(
  client: SealedRecordsOptions['client'],
  options: ListOptions,
): Promise<Pick<ListPage, 'items' | 'isLast'>> {
  try {
    const records = hallmarkResource('ProvenanceRecord');
    for await (const page of client.pages(records, { pageSize: LOOKED_AT, ...options })) return page;
  } catch (error) {
    // Without the CRD there are no records.
    if (!isNotServed(error)) throw error;
  }
  return { items: [], isLast: true };
}
