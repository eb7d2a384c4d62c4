// SPDX-License-Identifier: Apache-2.0
import type { CompiledBackend } from '../../pipelines/definitions.ts';
import type { Clock } from '../../runtime/clock.ts';

/** However many runs fail on a backend, it is probed for that no more often. */
const BETWEEN_MS = 10_000;

/**
 * Backends that just failed somebody. Each is probed soon: the probe tells whether the backend itself is broken, so that everybody
 * waits for it instead of trying, or whether only that one run had no luck with it.
 */
export class SuspectBackends {
  readonly #clock: Clock;
  readonly #suspectedMs = new Map<string, number>();
  #onSuspect: (backendKey: string) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has a listener told which backend to probe, by the key that its controller queues it under. */
  onSuspect(listener: (backendKey: string) => void): void {
    this.#onSuspect = listener;
  }

  add({ kind, namespace, name }: Pick<CompiledBackend, 'kind' | 'namespace' | 'name'>): void {
    const key = `${kind}/${kind === 'StorageBackend' ? namespace : ''}/${name}`;
    const nowMs = this.#clock.monotonicMs();
    const lastMs = this.#suspectedMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < BETWEEN_MS) return;
    this.#suspectedMs.set(key, nowMs);
    this.#onSuspect(key);
  }

  /** Drops what is known of a backend that is gone, by the same key. */
  forget(backendKey: string): void {
    this.#suspectedMs.delete(backendKey);
  }
}
