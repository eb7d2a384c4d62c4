// SPDX-License-Identifier: Apache-2.0
import { objectField, stringField } from '../../json/fields.ts';
import type { Life } from '../life.ts';
import type { SeededRandom } from '../../runtime/seeded-random.fixture.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { ClusterEvent } from './cluster.ts';

export interface ModelWatchOptions {
  readonly life: Life;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
  readonly maxLagMs: () => number;
  /** The event has arrived. */
  readonly onDelivered: (event: ClusterEvent) => void;
}

const BOOKMARK_MS = 60_000;

/** Caches the serialized events, since several watches may deliver one. */
const frames = new WeakMap<ClusterEvent, Buffer>();

/** One watch: delivers events in order and late, until the server ends it or it is cut. */
export class ModelWatch {
  readonly #options: ModelWatchOptions;
  #arrived: Buffer[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly error: Error | undefined } | undefined;
  #onEnd: () => void = () => undefined;
  #lastDueMs = 0;
  #lastVersion = 0;

  constructor(options: ModelWatchOptions) {
    this.#options = options;
  }

  /** @param onEnd called once at the end */
  open(lastsMs: number, onEnd: () => void): void {
    const { life } = this.#options;
    this.#onEnd = onEnd;
    life.after(lastsMs, () => {
      this.#finish(undefined);
    });
    const bookmark = (): void => {
      if (this.#end !== undefined || life.isOver) return;
      this.#arrive(Buffer.from(`${JSON.stringify({ type: 'BOOKMARK', object: metadataOf(this.#lastVersion) })}\n`));
      life.after(BOOKMARK_MS, bookmark);
    };
    life.after(BOOKMARK_MS, bookmark);
  }

  push(event: ClusterEvent): void {
    const { time, random, namespace, maxLagMs, life, onDelivered } = this.#options;
    if (life.isOver) {
      this.#finish(undefined);
      return;
    }
    this.#lastVersion = event.version;
    if (namespace !== undefined && stringField(objectField(event.object, 'metadata'), 'namespace') !== namespace)
      return;
    this.#lastDueMs = Math.max(this.#lastDueMs, time.nowMs + random.between(0, maxLagMs()));
    life.after(this.#lastDueMs - time.nowMs, () => {
      if (this.#end !== undefined || life.isOver) return;
      onDelivered(event);
      this.#arrive(frameOf(event));
    });
  }

  /** Breaks the connection; undelivered events are lost. */
  cut(error = new Error('the connection was reset')): void {
    this.#arrived = [];
    this.#finish({ error });
  }

  async *body(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const frame = this.#arrived.shift();
      if (frame !== undefined) {
        yield frame;
      } else if (this.#end === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      }
    }
  }

  #arrive(frame: Buffer): void {
    if (this.#options.life.isOver) return;
    this.#arrived.push(frame);
    this.#wake?.();
  }

  #finish(end: { readonly error: Error } | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = end ?? { error: undefined };
    this.#onEnd();
    if (!this.#options.life.isOver) this.#wake?.();
  }
}

function metadataOf(version: number): unknown {
  return { metadata: { resourceVersion: String(version) } };
}

function frameOf(event: ClusterEvent): Buffer {
  const cached = frames.get(event);
  if (cached !== undefined) return cached;
  const { type, object } = event;
  const frame = Buffer.from(`${JSON.stringify({ type, object })}\n`);
  frames.set(event, frame);
  return frame;
}
