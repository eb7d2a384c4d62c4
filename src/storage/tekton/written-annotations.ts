// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import { cacheClock, ttlBelow } from '../../runtime/cache/cache-clock.ts';
import type { Clock } from '../../runtime/clock.ts';
import { annotationBytes } from './run-annotations.ts';

type Annotations = Readonly<Record<string, string>>;

const MAX_BYTES = 1024 * 1024;
/** The operator reads back what it has written at once. */
const MAX_AGE_MS = 5000;

/**
 * The annotations of runs as the API server stored them, by its answer to a write, for the read-back that follows at once. A read would give
 * the same. Each is given once, so that later read-backs ask the API server.
 */
export class WrittenAnnotations {
  readonly #runs: LRUCache<string, Annotations>;

  constructor(clock: Clock) {
    this.#runs = new LRUCache({
      maxSize: MAX_BYTES,
      sizeCalculation: (annotations) => annotationBytes(annotations) + 1,
      ttl: ttlBelow(MAX_AGE_MS),
      ...cacheClock(clock),
    });
  }

  keep(uid: string, annotations: Annotations): void {
    this.#runs.set(uid, annotations);
  }

  take(uid: string): Annotations | undefined {
    const annotations = this.#runs.get(uid);
    this.#runs.delete(uid);
    return annotations;
  }
}
