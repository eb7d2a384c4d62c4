// SPDX-License-Identifier: Apache-2.0
import type { Backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KeyedQueue, type QueueObserver } from '../../runtime/keyed-queue.ts';

export type ControllerName =
  | 'signing-policy'
  | 'storage-backend'
  | 'provenance-record'
  | 'verification'
  | 'retirement'
  | 'resync'
  | 'run'
  | 'rescan';

/** The controllers whose objects are kept while they are queued. */
export type TenantController = Extract<ControllerName, 'run' | 'provenance-record'>;

/** The queue of each controller. */
export type ControllerQueues = Readonly<Record<ControllerName, KeyedQueue>>;

export function controllerQueues(options: {
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly observer: (controller: string) => QueueObserver;
}): ControllerQueues {
  const { clock, backoff } = options;
  const queue = (name: ControllerName): KeyedQueue =>
    new KeyedQueue({ clock, backoff, observer: options.observer(name) });
  return {
    'signing-policy': queue('signing-policy'),
    'storage-backend': queue('storage-backend'),
    'provenance-record': queue('provenance-record'),
    verification: queue('verification'),
    retirement: queue('retirement'),
    resync: queue('resync'),
    run: queue('run'),
    rescan: queue('rescan'),
  };
}
