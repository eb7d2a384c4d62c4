// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { boundedText } from '../runtime/bounded-text.ts';
import type { Clock } from '../runtime/clock.ts';
import { isNotFound } from './kube-error.ts';
import type { KubeClient } from './kube-client.ts';
import { parseMetadata, type ObjectMetadata } from './object-metadata.ts';
import { metadataOnly, type Resource } from './resource.ts';

/** The object an Event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent for kinds without namespaces, whose Events go to `default`. */
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly uid: string;
}

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** A word of the closed list of reasons. */
  readonly reason: string;
  /** Cut after 1024 characters, which is what the API takes. */
  readonly message: string;
}

export interface EventRecorderOptions {
  readonly client: Pick<KubeClient, 'create' | 'mergePatch'>;
  readonly clock: Clock;
  /** The reporting replica: the pod's name. */
  readonly instance: string;
  /** An Event was not written: the API server refused it or too many wait. */
  readonly onDropped?: (reason: 'Failed' | 'Full' | 'TooMany', error?: unknown) => void;
}

const COMPONENT = 'hallmark';
const MAX_MESSAGE_CHARACTERS = 1024;
const REPEAT_MS = 10 * 60_000;
const MAX_REMEMBERED = 4096;
const MAX_PENDING = 256;
/** Events about one object: so many at once, and one more each minute. */
const BURST = 10;
const REFILL_MS = 60_000;
const WRITE_TIMEOUT_MS = 10_000;

/** core/v1 Events, the ones that `kubectl describe` shows with their counts. */
const EVENTS: Resource<ObjectMetadata> = metadataOnly(
  { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true, parse: parseMetadata },
  parseMetadata,
);

interface Remembered {
  readonly namespace: string;
  readonly name: string;
  writtenAtMs: number;
  count: number;
  /** Repeats since it was written. */
  held: number;
}

interface Allowance {
  tokens: number;
  refilledAtMs: number;
}

/**
 * Writes Events about objects. Callers neither wait nor fail: writing goes on behind, one at a time, and what is too much is
 * dropped. A repeat within ten minutes is counted and added to the next repeat after them.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #stopped = new AbortController();
  readonly #remembered = new LRUCache<string, Remembered>({ max: MAX_REMEMBERED });
  readonly #allowances = new LRUCache<string, Allowance>({ max: MAX_REMEMBERED });
  #pending = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(regarding: Regarding, text: EventText): void {
    const nowMs = this.#options.clock.monotonicMs();
    const key = JSON.stringify([regarding.uid, text.type, text.reason, text.message]);
    const previous = this.#remembered.get(key);
    if (previous !== undefined && nowMs - previous.writtenAtMs < REPEAT_MS) {
      previous.held += 1;
      return;
    }
    if (!this.#allow(regarding.uid, nowMs)) {
      this.#options.onDropped?.('TooMany');
      return;
    }
    if (this.#pending >= MAX_PENDING) {
      this.#options.onDropped?.('Full');
      return;
    }
    this.#pending += 1;
    const remembered = previous ?? fresh(regarding);
    remembered.writtenAtMs = nowMs;
    remembered.count += remembered.held + 1;
    remembered.held = 0;
    this.#remembered.set(key, remembered);
    const at = this.#options.clock.now();
    this.#tail = this.#tail.then(() => this.#write(regarding, text, remembered, at));
  }

  /** Waits until everything recorded so far is written or dropped. */
  async flush(): Promise<void> {
    await this.#tail;
  }

  /** Drops what is not written yet. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('no more Events are written'));
    await this.#tail;
  }

  #allow(uid: string, nowMs: number): boolean {
    const allowance = this.#allowances.get(uid) ?? { tokens: BURST, refilledAtMs: nowMs };
    const earned = Math.floor((nowMs - allowance.refilledAtMs) / REFILL_MS);
    allowance.tokens = Math.min(BURST, allowance.tokens + earned);
    allowance.refilledAtMs += earned * REFILL_MS;
    const allowed = allowance.tokens > 0;
    if (allowed) allowance.tokens -= 1;
    this.#allowances.set(uid, allowance);
    return allowed;
  }

  async #write(regarding: Regarding, text: EventText, remembered: Remembered, at: Date): Promise<void> {
    const { client, onDropped } = this.#options;
    const call = { signal: this.#stopped.signal, timeoutMs: WRITE_TIMEOUT_MS };
    const timestamp = at.toISOString().replace(/\.\d+Z$/, 'Z');
    const { namespace, name, count } = remembered;
    try {
      if (count > 1) {
        const repeat = { metadata: { namespace, name }, count, lastTimestamp: timestamp };
        const isCounted = await client.mergePatch(EVENTS, repeat, call).then(
          () => true,
          (error: unknown) => {
            if (isNotFound(error)) return false; // the API server keeps Events for an hour
            throw error;
          },
        );
        if (isCounted) return;
      }
      await client.create(EVENTS, this.#event(regarding, text, remembered, timestamp), call);
    } catch (error) {
      onDropped?.('Failed', error);
    } finally {
      this.#pending -= 1;
    }
  }

  #event(regarding: Regarding, text: EventText, remembered: Remembered, timestamp: string): EventObject {
    const { namespace, name, count } = remembered;
    return {
      metadata: { namespace, name },
      involvedObject: { ...regarding },
      type: text.type,
      reason: text.reason,
      message: boundedText(text.message, MAX_MESSAGE_CHARACTERS),
      firstTimestamp: timestamp,
      lastTimestamp: timestamp,
      count,
      source: { component: COMPONENT },
      reportingComponent: COMPONENT,
      reportingInstance: this.#options.instance,
    };
  }
}

interface EventObject {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly [field: string]: unknown;
}

function fresh(regarding: Regarding): Remembered {
  const name = `${regarding.name.slice(0, 200)}.${randomBytes(8).toString('hex')}`;
  return { namespace: regarding.namespace ?? 'default', name, writtenAtMs: 0, count: 0, held: 0 };
}
