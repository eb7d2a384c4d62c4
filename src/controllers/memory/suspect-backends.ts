// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import { backendKey, type BackendKey, type BackendName } from '../../pipelines/backend-key.ts';

/** However many runs fail on a backend, it is probed for that no more often. */
const BETWEEN_MS = 10_000;

/**
 * Backends that just failed somebody. Each is probed soon: the probe tells whether the backend itself is broken, so that everybody
 * waits for it instead of trying, or whether only that one run had no luck with it.
 */
export class SuspectBackends {
  readonly #clock: Clock;
  readonly #suspectedMs = new Map<BackendKey, number>();
  #onSuspect: (key: BackendKey) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has a listener told which backend to probe. */
  onSuspect(listener: (key: BackendKey) => void): void {
    this.#onSuspect = listener;
  }

  add(backend: BackendName): void {
    const key = backendKey(backend);
    const nowMs = this.#clock.monotonicMs();
    const lastMs = this.#suspectedMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < BETWEEN_MS) return;
    this.#suspectedMs.set(key, nowMs);
    this.#onSuspect(key);
  }

  /** Drops what is known of a backend that is gone. */
  forget(key: BackendKey): void {
    this.#suspectedMs.delete(key);
  }
}
