// SPDX-License-Identifier: Apache-2.0
import type { BackendKey } from '../../pipelines/backend-key.ts';
import { parseBackendKey } from '../../pipelines/backend-key.ts';
import { parsePolicyKey, type PolicyKey } from '../../pipelines/policy-key.ts';
import { namespaceOfRecord, type RecordKey } from '../../records/record-key.ts';
import type { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import { parseRunKey, type RunKey } from '../../tekton/run-key.ts';
import { LEFT_BEHIND, parseChildNoteKey } from '../child-notes/child-note-key.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import { EVERYWHERE } from '../propagation/change-propagation.ts';
import type { Admissions, OfKeys } from '../shares/controller-queues.ts';

/** The namespace whose shard a key belongs to; undefined for a key that concerns every replica. */
export const namespaceOf: OfKeys<string | undefined> = {
  run: (key) => parseRunKey(key).namespace,
  'deletion-guard': (key) => parseRunKey(key).namespace,
  'child-notes': (key) => (key === LEFT_BEHIND ? undefined : parseChildNoteKey(key).namespace),
  'provenance-record': namespaceOfRecord,
  verification: namespaceOfRecord,
  retirement: namespaceOfRecord,
  'signing-policy': (key) => parsePolicyKey(key).namespace,
  'storage-backend': (key) => parseBackendKey(key).namespace,
  'policy-ceiling': () => '',
  resync: () => undefined,
  rescan: (key) => (key === EVERYWHERE ? undefined : key),
};

export interface AdmissionsOptions {
  readonly context: Pick<ControllerContext, 'shards'> & {
    readonly unconfirmedStores: Pick<ControllerContext['unconfirmedStores'], 'has'>;
    readonly unrecordedTestimonies: Pick<ControllerContext['unrecordedTestimonies'], 'has'>;
  };
  readonly caches: { readonly run: Pick<ByteBudgetCache<unknown, RunKey>, 'isIrreplaceable'> };
  readonly objects: { readonly policies: ObjectStore<PolicyKey>; readonly backends: ObjectStore<BackendKey> };
}

/**
 * Admits the keys of the shards that this replica holds. It admits little of a shard that it is giving up, only work that
 * no other replica can do: a deleted run, and a record of which it knows more than is written.
 */
export function admissions({ context, caches, objects }: AdmissionsOptions): Admissions {
  const { shards, unconfirmedStores, unrecordedTestimonies } = context;
  const ownsRecord = (key: RecordKey): boolean => shards.owns(namespaceOfRecord(key));
  // A policy or backend of the cluster serves every replica.
  const ownsKind = (namespace: string): boolean => (namespace === '' ? shards.size > 0 : shards.owns(namespace));
  return {
    run: (key) => {
      const { namespace } = parseRunKey(key);
      return shards.owns(namespace) || (shards.isLeaving(namespace) && caches.run.isIrreplaceable(key));
    },
    'deletion-guard': (key) => shards.owns(parseRunKey(key).namespace),
    'child-notes': (key) => key === LEFT_BEHIND || shards.owns(parseChildNoteKey(key).namespace),
    'provenance-record': (key) => {
      if (ownsRecord(key)) return true;
      const isOnlyOurs = unconfirmedStores.has(key) || unrecordedTestimonies.has(key);
      return isOnlyOurs && shards.isLeaving(namespaceOfRecord(key));
    },
    verification: ownsRecord,
    retirement: ownsRecord,
    // One that is gone is only forgotten.
    'signing-policy': (key) => ownsKind(parsePolicyKey(key).namespace) || objects.policies.get(key) === undefined,
    'storage-backend': (key) => ownsKind(parseBackendKey(key).namespace) || objects.backends.get(key) === undefined,
    'policy-ceiling': () => shards.owns(''),
    resync: () => true,
    rescan: (key) => key === EVERYWHERE || shards.owns(key),
  };
}
