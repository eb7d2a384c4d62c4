// SPDX-License-Identifier: Apache-2.0
import type { BackendKey } from '../../pipelines/backend-key.ts';
import type { PolicyKey } from '../../pipelines/policy-key.ts';
import type { Backoff } from '../../runtime/queue/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KeyedQueue, type QueueObserver } from '../../runtime/queue/keyed-queue.ts';
import type { RunKey } from '../../tekton/run-key.ts';
import type { ChildNoteKey } from '../child-notes/child-note-key.ts';
import type { KeyOf } from '../../runtime/key-of.ts';
import type { RecordKey } from '../../records/record-key.ts';

/** A change whose records are to be looked at again. */
export type ResyncKey = KeyOf<'Resync'>;

/** The keys that each controller reconciles. */
export interface ControllerKeys {
  readonly 'signing-policy': PolicyKey;
  readonly 'storage-backend': BackendKey;
  /** The name of a ceiling. */
  readonly 'policy-ceiling': string;
  readonly 'provenance-record': RecordKey;
  readonly verification: RecordKey;
  readonly retirement: RecordKey;
  readonly resync: ResyncKey;
  readonly run: RunKey;
  readonly 'deletion-guard': RunKey;
  readonly 'child-notes': ChildNoteKey;
  /** A namespace, or all of them. */
  readonly rescan: string;
}

export type ControllerName = keyof ControllerKeys;

export type ControllerQueues = { readonly [Name in ControllerName]: KeyedQueue<ControllerKeys[Name]> };

/** A function of the keys of each controller. */
export type OfKeys<Result> = { readonly [Name in ControllerName]: (key: ControllerKeys[Name]) => Result };

/** True for the keys that are this replica's. */
export type Admissions = OfKeys<boolean>;

export function controllerQueues(options: {
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly observer: (controller: string) => QueueObserver;
  readonly admissions: Admissions;
}): ControllerQueues {
  const { clock, backoff, admissions } = options;
  const queue = <Name extends ControllerName>(name: Name): KeyedQueue<ControllerKeys[Name]> =>
    new KeyedQueue({ clock, backoff, observer: options.observer(name), admits: admissions[name] });
  return {
    'signing-policy': queue('signing-policy'),
    'storage-backend': queue('storage-backend'),
    'policy-ceiling': queue('policy-ceiling'),
    'provenance-record': queue('provenance-record'),
    verification: queue('verification'),
    retirement: queue('retirement'),
    resync: queue('resync'),
    run: queue('run'),
    'deletion-guard': queue('deletion-guard'),
    'child-notes': queue('child-notes'),
    rescan: queue('rescan'),
  };
}
