// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { abortable } from '../../runtime/abortable.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { KubeClient } from '../kube-client.ts';
import { Lease } from './lease.ts';

export interface LeadershipOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** The namespace of the Lease. */
  readonly namespace: string;
  /** The pod's name; each life of the process adds something of its own. */
  readonly instance: string;
  readonly election: {
    /** False: the one replica leads from the start to the end. */
    readonly enabled: boolean;
    readonly leaseName: string;
    readonly leaseDurationSeconds: number;
    readonly renewDeadlineSeconds: number;
    readonly retryPeriodSeconds: number;
  };
  /** Not leading any more, without having asked to stop. */
  readonly onLost: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** Elects the replica that works. */
export class Leadership {
  readonly #lease: Lease | undefined;
  readonly #acquired = Promise.withResolvers<undefined>();
  #isReleasing = false;

  constructor(options: LeadershipOptions) {
    const { client, clock, namespace, instance, election, onLost, onFailure } = options;
    const { enabled, leaseName: name, ...timing } = election;
    if (!enabled) return;
    const observer = {
      acquired: () => {
        this.#acquired.resolve(undefined);
      },
      lost: () => {
        if (!this.#isReleasing) onLost();
      },
      failed: onFailure,
    };
    this.#lease = new Lease({
      client,
      clock,
      namespace,
      name,
      identity: `${instance}_${randomUUID()}`,
      ...timing,
      observer,
    });
  }

  /** True while this replica may act. */
  get isLeader(): boolean {
    return this.#lease?.held() ?? true;
  }

  /** Resolves when this replica leads; rejects with the signal's reason when it is stopped before. */
  async acquire(signal: AbortSignal): Promise<void> {
    if (this.#lease === undefined) return;
    this.#lease.start();
    await abortable(this.#acquired.promise, signal);
  }

  /** Gives the Lease up, so that another replica need not wait for it to run out. */
  async release(): Promise<void> {
    this.#isReleasing = true;
    await this.#lease?.stop();
  }
}
