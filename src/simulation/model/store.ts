// SPDX-License-Identifier: Apache-2.0
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { Probe, StorageDriver } from '../../storage/driver.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { Life } from '../life.ts';
import type { SeededRandom } from '../../runtime/seeded-random.fixture.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { RunTarget } from '../../storage/run-target.ts';
import type { Location, StoredEvidence } from '../../storage/stored-evidence.ts';

/** Faults of a store, as chances per request. */
export interface StoreFaults {
  readonly maxDelayMs: number;
  readonly failing: number;
  /** The store accepts the request, but the response is lost. */
  readonly losingAnswers: number;
  readonly killing: number;
}

export interface ModelStoreOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly faults: () => StoreFaults;
  readonly kill: (life: Life) => void;
}

/** The timeouts of a driver. */
const PUT_TIMEOUT_MS = 60_000;
const GET_TIMEOUT_MS = 30_000;

/** A store of evidence outside the cluster, which outlives the operator. */
export class ModelStore {
  readonly #options: ModelStoreOptions;
  readonly #held = new Map<string, StoredEvidence>();
  #downUntilMs = 0;
  #hangsUntilMs = 0;
  #blindUntilMs = 0;
  readonly #active = new WeakMap<Life, number>();

  constructor(options: ModelStoreOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Counts the pending uploads and reads of one life of the operator: a record that is read back at once holds its lane until then. */
  active(life: Life): number {
    return this.#active.get(life) ?? 0;
  }

  /** True unless the store is down, hanging or blind. */
  get isWell(): boolean {
    const { nowMs } = this.#options.time;
    return [this.#downUntilMs, this.#hangsUntilMs, this.#blindUntilMs].every((until) => until <= nowMs);
  }

  /** Refuses all requests for a while, probes included. */
  goDown(ms: number): void {
    this.#downUntilMs = this.#options.time.nowMs + ms;
  }

  /** Responds only to probes for a while. */
  hang(ms: number): void {
    this.#hangsUntilMs = this.#options.time.nowMs + ms;
  }

  /** Accepts uploads for a while, but fails all reads. */
  goBlind(ms: number): void {
    this.#blindUntilMs = this.#options.time.nowMs + ms;
  }

  /** Returns the evidence at a location. */
  at(uri: string): StoredEvidence | undefined {
    return this.#held.get(uri);
  }

  /** Returns the driver for one life of the operator. */
  driver(life: Life): StorageDriver {
    return {
      probe: (signal) => this.#probe(life, signal),
      put: (artifact, run, signal) => this.#put(life, { artifact, run }, signal),
      get: (location, signal) => this.#get(life, location, signal),
      close: () => Promise.resolve(),
    };
  }

  async #probe(life: Life, signal: AbortSignal): Promise<Probe> {
    await this.#travel(life, signal);
    if (this.#downUntilMs <= this.#options.time.nowMs) return { ready: true };
    return { ready: false, reason: 'BackendUnavailable', message: `${this.name} is down` };
  }

  async #put(
    life: Life,
    { artifact, run }: { readonly artifact: SignedArtifact; readonly run: RunTarget },
    signal: AbortSignal,
  ): Promise<readonly Location[]> {
    const { random, faults, kill } = this.#options;
    return this.#counted(life, async () => {
      if (random.chance(faults().killing)) {
        if (random.chance(0.5)) this.#keep(artifact, run);
        kill(life);
      }
      await this.#reach(life, PUT_TIMEOUT_MS, signal);
      const uri = this.#keep(artifact, run);
      if (random.chance(faults().losingAnswers)) throw this.#unavailable();
      return [{ uri }];
    });
  }

  async #counted<T>(life: Life, request: () => Promise<T>): Promise<T> {
    this.#active.set(life, this.active(life) + 1);
    try {
      return await request();
    } finally {
      this.#active.set(life, this.active(life) - 1);
    }
  }

  #keep(artifact: SignedArtifact, { namespace, name, uid, policy }: RunTarget): string {
    const uri = `model://${this.name}/${namespace}/${name}/${uid}/${policy.kind}/${policy.name}/${artifact.name}`;
    const { payload } = artifact;
    this.#held.set(uri, { payload, signature: signatureText(artifact), encoding: 'SignatureText' });
    return uri;
  }

  async #get(life: Life, { uri }: Location, signal: AbortSignal): Promise<StoredEvidence> {
    await this.#counted(life, () => this.#reach(life, GET_TIMEOUT_MS, signal));
    if (this.#blindUntilMs > this.#options.time.nowMs) throw this.#unavailable();
    const held = this.#held.get(uri);
    if (held === undefined) throw new StorageError('BackendRejected', `${this.name} holds nothing under ${uri}`);
    return held;
  }

  async #reach(life: Life, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { time, random, faults } = this.#options;
    const hangsMs = this.#hangsUntilMs - time.nowMs;
    if (hangsMs > 0) {
      await life.clock.sleep(Math.min(hangsMs, timeoutMs), signal);
      if (hangsMs > timeoutMs) throw this.#unavailable();
    }
    await this.#travel(life, signal);
    if (this.#downUntilMs > time.nowMs || random.chance(faults().failing)) throw this.#unavailable();
  }

  async #travel(life: Life, signal: AbortSignal): Promise<void> {
    await life.clock.sleep(this.#options.random.between(1, this.#options.faults().maxDelayMs), signal);
  }

  #unavailable(): StorageError {
    return new StorageError('BackendUnavailable', `${this.name} did not answer`);
  }
}
