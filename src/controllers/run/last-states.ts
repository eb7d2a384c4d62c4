// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { approximateSizeBytes } from '../../runtime/cache/approximate-size.ts';
import type { ByteBudgetCache } from '../../runtime/cache/byte-budget-cache.ts';
import type { ShareLimits } from '../../runtime/shares.ts';
import { runApiVersion } from '../../tekton/run-identity.ts';
import { parseRunKey, type RunKey } from '../../tekton/run-key.ts';
import { runOutline } from '../../tekton/run-outline.ts';

const MIB = 1024 * 1024;

/** The bytes of the last states of deleted runs, whose tenants are namespaces. */
export const LAST_STATES: ShareLimits = { total: 32 * MIB, perTenant: 8 * MIB, assured: 2 * MIB };

export interface LastStatesOptions {
  /** The objects of queued runs. */
  readonly cache: Pick<ByteBudgetCache<unknown, RunKey>, 'put'>;
  readonly events: Pick<EventRecorder, 'record'>;
}

/**
 * Keeps the last states of runs that were deleted before they were recorded. Where a namespace has no room for more of them, it keeps their
 * outlines: a run of which only that is left gets a record that says so, and nothing of it is signed. A run of which not even that can be
 * kept is reported by an Event.
 */
export class LastStates {
  readonly #options: LastStatesOptions;

  constructor(options: LastStatesOptions) {
    this.#options = options;
  }

  keep(key: RunKey, object: unknown): void {
    const { namespace } = parseRunKey(key);
    if (this.#put(key, object, namespace) || this.#put(key, runOutline(object), `outlines of ${namespace}`)) return;
    this.#report(key);
  }

  #put(key: RunKey, value: unknown, irreplaceableOf: string): boolean {
    return this.#options.cache.put(key, { value, sizeBytes: approximateSizeBytes(value), irreplaceableOf });
  }

  #report(key: RunKey): void {
    const { kind, namespace, name, uid } = parseRunKey(key);
    this.#options.events.record(
      { apiVersion: runApiVersion, kind, namespace, name, uid },
      {
        type: 'Warning',
        reason: reasons.RunDeleted,
        message: `${kind} ${name} was deleted before it was recorded, and too many deleted runs of the namespace wait: it gets no record`,
      },
    );
  }
}
