// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '../../runtime/clock.ts';
import { backendKey, type BackendKey, type BackendName } from '../../pipelines/backend-key.ts';

/** A backend is not probed more often than this, however many records fail on it. */
const BETWEEN_MS = 10_000;

/**
 * Backends that just failed a record. Each is probed soon, to find out whether the backend is broken, so that all records wait for it
 * instead of trying, or only that one record failed.
 */
export class SuspectBackends {
  readonly #clock: Clock;
  readonly #suspectedMs = new Map<BackendKey, number>();
  #onSuspect: (key: BackendKey) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets the listener that probes a suspected backend. */
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

  /** Forgets a backend that is gone. */
  forget(key: BackendKey): void {
    this.#suspectedMs.delete(key);
  }
}
