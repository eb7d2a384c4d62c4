// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import type { ResyncKey } from '../shares/controller-queues.ts';
import type { RecordIndex } from '../memory/records/record-index.ts';
import { namespaceOfRecord } from '../../records/record-key.ts';
import { shardOf } from '../../runtime/shards/shard.ts';
import type { RecordSummary } from '../../records/record-summary.ts';
import type { Retirements } from '../provenance-record/retirement/retirements.ts';
import type { Attempts } from '../memory/records/attempts.ts';
import type { RecordDrain } from './record-drain.ts';
import { parseResyncKey, type ResyncScope } from './resync-scope.ts';

/** The number of records visited in one turn of the event loop, which takes a millisecond or two. */
const SLICE = 500;

export interface RecordResyncOptions {
  readonly records: RecordIndex;
  readonly attempts: Attempts;
  readonly retirements: Pick<Retirements, 'plan'>;
  readonly drain: RecordDrain;
  /** True when this replica does the work of the namespace. */
  readonly owns: (namespace: string) => boolean;
  /** Schedules the read-back of a record, and forgets what this replica knew of it before it took the shard. */
  readonly takeOver: (record: RecordSummary) => void;
}

/**
 * Finds the records that a change affects, and releases those that need more than retirement. For settled records only the time of their
 * retirement may change, and their runs may still lack annotations. It visits the records of one namespace where it can, and in slices, so that a hundred thousand records never block
 * the event loop for long.
 */
export class RecordResync implements Reconciler<ResyncKey> {
  readonly #options: RecordResyncOptions;

  constructor(options: RecordResyncOptions) {
    this.#options = options;
  }

  /** @param key made by `resyncKey` */
  async reconcile(key: ResyncKey, signal: AbortSignal): Promise<Outcome> {
    const scope = parseResyncKey(key);
    const { attempts, records, retirements, owns, takeOver } = this.#options;
    if (scope.change === 'Shard') {
      await inSlices(this.#recordsOf(scope), signal, (record) => {
        if (!owns(namespaceOfRecord(record.key))) return;
        takeOver(record);
        retirements.plan(record);
      });
    }
    if (scope.change === 'Policy') attempts.reset({ of: 'PolicyWitnesses', policy: scope.policy });
    if (scope.change === 'Policy' || scope.change === 'Runs' || scope.change === 'Bounds') {
      await inSlices(records.all(namespaceOf(scope)), signal, (record) => {
        if (record.isSettled && concerns(scope, record)) retirements.plan(record);
      });
    }
    if (scope.change !== 'Runs') await this.#release(scope, { name: key, signal });
    return DONE;
  }

  /** The records of a shard. */
  *#recordsOf({
    shard,
  }: Extract<ResyncScope, { readonly change: 'Shard' }>): Generator<RecordSummary, void, undefined> {
    const { records } = this.#options;
    for (const namespace of records.namespaces) if (shardOf(namespace) === shard) yield* records.all(namespace);
  }

  async #release(
    scope: ResyncScope,
    { name, signal }: { readonly name: string; readonly signal: AbortSignal },
  ): Promise<void> {
    const { records, drain, owns } = this.#options;
    drain.begin({ name, backend: scope.change === 'BackendHealth' ? scope.backend : undefined });
    try {
      const found =
        scope.change === 'Annotating' ? records.all(scope.policy.namespace) : records.open(namespaceOf(scope));
      await inSlices(found, signal, (record) => {
        if (!concerns(scope, record) || !owns(namespaceOfRecord(record.key))) return;
        this.#forgetFailures(scope, record);
        drain.add(name, record.key, waitsSinceMs(record));
      });
    } finally {
      drain.flow(name);
    }
  }

  /** Ends the back-off of work whose cause may be mended. Waits that other servers asked for still count. */
  #forgetFailures(scope: ResyncScope, { key: record }: RecordSummary): void {
    const { attempts } = this.#options;
    if (scope.change === 'BackendHealth') attempts.reset({ of: 'Store', record, backend: scope.backend });
    else if (scope.change === 'Namespace' || scope.change === 'Bounds') attempts.forget(record);
    else if (scope.change === 'Policy') attempts.reset({ of: 'Witness', record });
  }
}

/** The namespace whose records may be affected; empty for all. */
function namespaceOf(scope: ResyncScope): string {
  if (scope.change === 'Runs' || scope.change === 'Shard') return '';
  return 'policy' in scope ? scope.policy.namespace : scope.namespace;
}

function concerns(scope: ResyncScope, { key, policy, lacksAnnotation }: RecordSummary): boolean {
  if (scope.change === 'Shard') return shardOf(namespaceOfRecord(key)) === scope.shard;
  if (!('policy' in scope)) return true;
  if (scope.change === 'Annotating' && !lacksAnnotation) return false;
  const { kind, namespace, name } = scope.policy;
  return policy?.name === name && policy.namespace === namespace && policy.kind === kind;
}

/** A record that is not trusted waits for nothing. */
function waitsSinceMs({ retained }: RecordSummary): number {
  return retained === undefined ? 0 : Date.parse(retained.completionTime);
}

async function inSlices(
  records: Iterable<RecordSummary>,
  signal: AbortSignal,
  visit: (record: RecordSummary) => void,
): Promise<void> {
  let visited = 0;
  for (const record of records) {
    visit(record);
    visited += 1;
    if (visited % SLICE === 0) await nextTurn(undefined, { signal });
  }
}
