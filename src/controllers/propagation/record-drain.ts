// SPDX-License-Identifier: Apache-2.0
import { DueHeap } from '../../runtime/queue/due-heap.ts';
import type { KeyedQueue } from '../../runtime/queue/keyed-queue.ts';
import type { BackendName } from '../../pipelines/backend-key.ts';
import { namespaceOfRecord, type RecordKey } from '../../records/record-key.ts';

/** The number of records of a line and a namespace that are enqueued at once: more than any backend's share of the workers. */
const WINDOW = 32;
/** More than any time in milliseconds since the epoch, so that a later round follows an earlier one. */
const ROUND_MS = 1e13;

/** Records that wait for the same thing. */
export interface DrainLine {
  /** Identifies the line. */
  readonly name: string;
  /** The backend that they wait for: a record that waits for its turn there keeps its place in the window. */
  readonly backend?: BackendName | undefined;
}

export interface RecordDrainOptions {
  readonly queue: KeyedQueue<RecordKey>;
  /** True when the record needs more than retirement, or its run lacks annotations. */
  readonly isOpen: (key: RecordKey) => boolean;
  /** True when the record waits for its turn at a backend. */
  readonly waitsFor: (backend: BackendName, key: RecordKey) => boolean;
}

/** The records of one namespace in a line. */
interface Part {
  readonly waiting: DueHeap<RecordKey>;
  readonly enqueued: Set<RecordKey>;
}

interface Line {
  readonly backend: BackendName | undefined;
  readonly parts: Map<string, Part>;
  round: number;
  isPaused: boolean;
}

/**
 * Releases records that waited for the same thing, in each namespace in the order of their waiting. A window of them is enqueued behind all
 * new work, and one more for each that is done: the workers set the pace.
 */
export class RecordDrain {
  readonly #options: RecordDrainOptions;
  readonly #lines = new Map<string, Line>();

  constructor(options: RecordDrainOptions) {
    this.#options = options;
  }

  /** The number of waiting records in all lines, without those that are enqueued. */
  get size(): number {
    let size = 0;
    for (const { parts } of this.#lines.values()) for (const { waiting } of parts.values()) size += waiting.size;
    return size;
  }

  /** Starts a round of a line, or resumes a paused one. Records added from now on follow those that wait already. */
  begin({ name, backend }: DrainLine): void {
    const line = this.#lines.get(name) ?? { backend, parts: new Map<string, Part>(), round: 0, isPaused: false };
    this.#lines.set(name, line);
    line.isPaused = false;
    line.round += 1;
  }

  /** @param sinceMs when the record began to wait, in milliseconds since the epoch */
  add(name: string, key: RecordKey, sinceMs: number): void {
    const line = this.#lines.get(name);
    if (line === undefined) return;
    const namespace = namespaceOfRecord(key);
    const part = line.parts.get(namespace) ?? { waiting: new DueHeap<RecordKey>(), enqueued: new Set<RecordKey>() };
    line.parts.set(namespace, part);
    if (part.enqueued.has(key) || part.waiting.has(key)) return;
    part.waiting.set(key, line.round * ROUND_MS + sinceMs);
  }

  /** All records of the round are added: enqueues the first of them. */
  flow(name: string): void {
    const line = this.#lines.get(name);
    for (const namespace of line?.parts.keys() ?? []) this.#flow(name, namespace);
    this.#tidy(name);
  }

  /** Enqueues no more of a line, which keeps its order. */
  pause(name: string): void {
    const line = this.#lines.get(name);
    if (line !== undefined) line.isPaused = true;
  }

  /** Notes that a record was reconciled. */
  reconciled(key: RecordKey): void {
    const namespace = namespaceOfRecord(key);
    for (const [name, { backend, parts }] of this.#lines) {
      const enqueued = parts.get(namespace)?.enqueued;
      if (enqueued?.has(key) !== true) continue;
      if (backend !== undefined && this.#options.waitsFor(backend, key)) continue;
      enqueued.delete(key);
      this.#flow(name, namespace);
    }
  }

  /** Forgets the records of the namespaces for which this holds: they are another replica's. */
  removeNamespaces(isGone: (namespace: string) => boolean): void {
    for (const [name, { parts }] of this.#lines) {
      for (const namespace of parts.keys()) if (isGone(namespace)) parts.delete(namespace);
      this.#tidy(name);
    }
  }

  /** Forgets a record that is gone. */
  remove(key: RecordKey): void {
    const namespace = namespaceOfRecord(key);
    for (const [name, { parts }] of this.#lines) {
      const part = parts.get(namespace);
      part?.waiting.delete(key);
      part?.enqueued.delete(key);
      this.#flow(name, namespace);
    }
  }

  #flow(name: string, namespace: string): void {
    const line = this.#lines.get(name);
    const part = line?.parts.get(namespace);
    if (line === undefined || part === undefined) return;
    const { waiting, enqueued } = part;
    while (!line.isPaused && enqueued.size < WINDOW) {
      const next = waiting.takeDue(Infinity);
      if (next === undefined) break;
      if (!this.#options.isOpen(next)) continue;
      enqueued.add(next);
      this.#options.queue.addIdle(next);
    }
    if (waiting.size + enqueued.size > 0) return;
    line.parts.delete(namespace);
    this.#tidy(name);
  }

  #tidy(name: string): void {
    if (this.#lines.get(name)?.parts.size === 0) this.#lines.delete(name);
  }
}
