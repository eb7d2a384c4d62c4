// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { boundedText } from '../runtime/bounded-text.ts';
import type { Clock } from '../runtime/clock.ts';
import { TokenBucket } from '../runtime/token-bucket.ts';
import { TurnLine } from '../runtime/turn-line.ts';
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
/** Events of one namespace that are remembered, and objects of one whose Events are counted. */
const MAX_REMEMBERED = 256;
/** Namespaces of which anything is remembered. */
const MAX_NAMESPACES = 1024;
/** Events of one namespace that wait to be written. */
const MAX_PENDING = 32;
/** Events about one object: so many at once, and one more each minute. */
const PER_OBJECT = { burst: 10, refillMs: 60_000 } as const;
/** Events of one namespace: so many at once, and one more each second. */
const PER_NAMESPACE = { burst: 100, refillMs: 1000 } as const;
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

/** The Events of one namespace. */
interface Share {
  readonly remembered: LRUCache<string, Remembered>;
  readonly objects: LRUCache<string, TokenBucket>;
  readonly allowance: TokenBucket;
}

/**
 * Writes Events about objects. Callers neither wait nor fail: writing goes on behind, one at a time, and what is too much is
 * dropped. A repeat within ten minutes is counted and added to the next repeat after them. All bounds are of a namespace, and
 * namespaces take turns, so that the Events of one neither displace nor delay those of another.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #stopped = new AbortController();
  readonly #shares = new LRUCache<string, Share>({ max: MAX_NAMESPACES });
  readonly #line = new TurnLine({ perTenant: MAX_PENDING });

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(regarding: Regarding, text: EventText): void {
    const nowMs = this.#options.clock.monotonicMs();
    const namespace = regarding.namespace ?? '';
    const share = this.#share(namespace, nowMs);
    const key = JSON.stringify([regarding.uid, text.type, text.reason, text.message]);
    const previous = share.remembered.get(key);
    if (previous !== undefined && nowMs - previous.writtenAtMs < REPEAT_MS) {
      previous.held += 1;
      return;
    }
    if (!allows(share, regarding.uid, nowMs)) {
      this.#options.onDropped?.('TooMany');
      return;
    }
    const remembered = previous ?? fresh(regarding);
    const at = this.#options.clock.now();
    const count = remembered.count + remembered.held + 1;
    const isInLine = this.#line.add(namespace, () => this.#write(regarding, text, { ...remembered, count }, at));
    if (!isInLine) {
      this.#options.onDropped?.('Full');
      return;
    }
    share.remembered.set(key, Object.assign(remembered, { writtenAtMs: nowMs, count, held: 0 }));
  }

  /** Waits until everything recorded so far is written or dropped. */
  async flush(): Promise<void> {
    await this.#line.idle();
  }

  /** Drops what is not written yet. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('no more Events are written'));
    await this.#line.idle();
  }

  #share(namespace: string, nowMs: number): Share {
    const share = this.#shares.get(namespace) ?? {
      remembered: new LRUCache<string, Remembered>({ max: MAX_REMEMBERED }),
      objects: new LRUCache<string, TokenBucket>({ max: MAX_REMEMBERED }),
      allowance: new TokenBucket(PER_NAMESPACE, nowMs),
    };
    this.#shares.set(namespace, share);
    return share;
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

/** An object that has used up its own Events takes none from its namespace. */
function allows({ objects, allowance }: Share, uid: string, nowMs: number): boolean {
  const object = objects.get(uid) ?? new TokenBucket(PER_OBJECT, nowMs);
  objects.set(uid, object);
  return object.take(nowMs) && allowance.take(nowMs);
}

function fresh(regarding: Regarding): Remembered {
  const name = `${regarding.name.slice(0, 200)}.${randomBytes(8).toString('hex')}`;
  return { namespace: regarding.namespace ?? 'default', name, writtenAtMs: 0, count: 0, held: 0 };
}
