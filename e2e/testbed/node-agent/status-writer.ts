// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { ApiError, type ApiClient } from './api-client.ts';
import { parsePod, podTitle, type Pod } from './pod.ts';
import type { PodStatus } from './pod-status.ts';

/** Writes a pod's status whenever it changed, one write at a time, the newest state last. */
export class StatusWriter {
  readonly #client: ApiClient;
  readonly #pod: Pod;
  readonly #current: () => PodStatus;
  readonly #signal: AbortSignal;
  readonly #log: (message: string) => void;
  #written: PodStatus | undefined;
  #running: Promise<void> | undefined;
  #dirty = false;

  constructor(options: {
    readonly client: ApiClient;
    readonly pod: Pod;
    /** The status to write, asked for at each write. */
    readonly current: () => PodStatus;
    readonly signal: AbortSignal;
    readonly log: (message: string) => void;
  }) {
    this.#client = options.client;
    this.#pod = options.pod;
    this.#current = options.current;
    this.#signal = options.signal;
    this.#log = options.log;
  }

  /** Something may have changed. */
  touch(): void {
    this.#dirty = true;
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing is left to write. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#dirty && !this.#signal.aborted) {
      // One turn of the loop gathers changes that come together.
      await new Promise(setImmediate);
      this.#dirty = false;
      const status = this.#current();
      if (isDeepStrictEqual(status, this.#written)) continue;
      if (!(await this.#write(status))) return;
      this.#written = status;
    }
  }

  /** Returns true when the status was written; false when the pod is gone. */
  async #write(status: PodStatus): Promise<boolean> {
    const { namespace, name, uid } = this.#pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    try {
      await this.#client.insist({
        method: 'PATCH',
        path: `${path}/status`,
        // The UID keeps the patch off a later pod of the same name.
        body: { metadata: { uid }, status },
        contentType: 'application/merge-patch+json',
        signal: this.#signal,
      });
      return true;
    } catch (error) {
      if (this.#signal.aborted) return false;
      if (error instanceof ApiError && error.status === 404) return false;
      if (!(error instanceof ApiError) || error.status !== 409) {
        this.#log(`status of ${podTitle(this.#pod)}: ${String(error)}`);
        return false;
      }
    }
    // Another pod of this name, or only too many writers at once.
    if (!(await this.#isThere(path))) return false;
    return this.#write(status);
  }

  async #isThere(path: string): Promise<boolean> {
    try {
      const pod = parsePod(await this.#client.insist({ method: 'GET', path, signal: this.#signal }));
      return pod.metadata.uid === this.#pod.metadata.uid;
    } catch {
      return false;
    }
  }
}
