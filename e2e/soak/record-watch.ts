// SPDX-License-Identifier: Apache-2.0
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { ListWatch } from '../../src/kube/watch/list-watch.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { conditionOf, parseRecord, signaturesOf } from '../harness/record.ts';
import type { Ledger, SeenRecord } from './ledger.ts';

/** Enters every version of every record into the ledger. */
export function watchRecords(client: KubeClient, ledger: Ledger): ListWatch<SeenRecord> {
  const known = new Map<string, SeenRecord>();
  const watch = new ListWatch({
    client,
    resource: hallmarkResource('ProvenanceRecord'),
    clock: systemClock,
    project: seenRecord,
    handler: {
      upsert: (key, record) => {
        const before = known.get(key);
        if (before !== undefined && before.uid !== record.uid) ledger.gone(before);
        known.set(key, record);
        ledger.seen(record);
      },
      remove: (key, last) => {
        const record = last ?? known.get(key);
        known.delete(key);
        if (record === undefined) return;
        ledger.seen(record);
        ledger.gone(record);
      },
      synced: () => undefined,
    },
  });
  watch.start();
  return watch;
}

function seenRecord(object: unknown): SeenRecord {
  const record = parseRecord(object);
  const ready = conditionOf(record);
  return {
    uid: record.metadata.uid,
    runUID: record.spec.runRef.uid,
    policy: record.spec.policyRef.name,
    signature: signaturesOf(record)['attestation'],
    isReady: ready?.status === 'True',
    isVerified: conditionOf(record, 'Verified')?.status === 'True',
    why: `${ready?.reason ?? 'no condition yet'}: ${ready?.message ?? ''}`,
  };
}
