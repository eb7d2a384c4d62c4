// SPDX-License-Identifier: Apache-2.0
import type { WatchSource } from '../kube/watch/list-watch-options.ts';
import type { AnyController } from '../runtime/queue/controller.ts';
import type { Logger } from '../telemetry/log.ts';
import { Operator } from './operator-base.ts';

/** A watch and the resource it follows. */
export interface OperatorWatch {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly source: WatchSource;
}

export interface HallmarkOperatorOptions {
  readonly logger: Logger;
  /** Wires watches, controllers and releases. The signal aborts when the operator begins to stop. */
  readonly init: (operator: HallmarkOperator, signal: AbortSignal) => Promise<void>;
  /** The time that running reconciles have to finish when the operator stops. */
  readonly shutdownGraceSeconds: number;
  /** The wait for aborted reconciles after that: as long as the Lease lasts. */
  readonly abortedSeconds: number;
}

/** The time limits of a stop. */
export interface StopLimits {
  readonly graceSeconds: number;
  readonly abortedSeconds: number;
}

interface Release {
  readonly name: string;
  readonly isForIdle: boolean;
  readonly release: () => Promise<void>;
}

/**
 * The operator's lifecycle on `@dot-i/k8s-operator`. Its base class would end the process on a cut watch, treat all events in
 * one serial queue and drop what handlers throw; so watching and stopping are overridden: events go from list-watches that
 * outlive cuts into the controllers' queues, and a stop drains them before the lease is given up.
 */
export class HallmarkOperator extends Operator {
  readonly #options: HallmarkOperatorOptions;
  readonly #stopping = new AbortController();
  readonly #watches = new Map<string, OperatorWatch>();
  readonly #controllers = new Set<AnyController>();
  readonly #releases: Release[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: HallmarkOperatorOptions) {
    super(options.logger);
    this.#options = options;
  }

  /** Every watch, for readiness. */
  get watches(): readonly WatchSource[] {
    return [...this.#watches.values()].map(({ source }) => source);
  }

  /** Follows the resource until the operator stops. */
  async watch(watch: OperatorWatch): Promise<void> {
    const id = watchId(watch.group, watch.version, watch.plural);
    if (this.#watches.has(id)) throw new Error(`${id} is watched already`);
    this.#watches.set(id, watch);
    await this.watchResource(watch.group, watch.version, watch.plural);
  }

  /** Starts the controller; it is drained when the operator stops. */
  run(controller: AnyController): void {
    if (this.#stopping.signal.aborted) return;
    this.#controllers.add(controller);
    controller.start();
  }

  /** Releases a resource after the controllers are drained, in the reverse order of registration. */
  releaseAtEnd(name: string, release: () => Promise<void>): void {
    this.#releases.unshift({ name, release, isForIdle: false });
  }

  /** The same for the Lease, which lets another replica begin: it is kept when a reconcile outlasts its abort, until the process ends. */
  releaseWhenIdle(name: string, release: () => Promise<void>): void {
    this.#releases.unshift({ name, release, isForIdle: true });
  }

  /** Calls `shutDown`, for callers of the base class. */
  override stop(): void {
    this.shutDown().catch((error: unknown) => {
      this.#options.logger.error('the operator did not stop in good order', { error });
    });
  }

  /**
   * Stops in order: takes no more work, lets running reconciles finish within the grace period, aborts and awaits the others, then releases
   * connections and, last, the Lease.
   */
  shutDown(limits: Partial<StopLimits> = {}): Promise<void> {
    const { shutdownGraceSeconds: graceSeconds, abortedSeconds } = this.#options;
    this.#stopped ??= this.#shutDown({ graceSeconds, abortedSeconds, ...limits });
    return this.#stopped;
  }

  protected override async init(): Promise<void> {
    await this.#options.init(this, this.#stopping.signal);
  }

  /** Starts the list-watch registered for the resource. Its handler enqueues keys; no event passes through the base class. */
  protected override watchResource(group: string, version: string, plural: string): Promise<void> {
    const id = watchId(group, version, plural);
    const watch = this.#watches.get(id);
    if (watch === undefined) return Promise.reject(new Error(`no list-watch is registered for ${id}`));
    if (!this.#stopping.signal.aborted) {
      watch.source.start();
      this.#options.logger.info('watching', { resource: watch.source.name });
    }
    return Promise.resolve();
  }

  async #shutDown({ graceSeconds, abortedSeconds }: StopLimits): Promise<void> {
    const { logger } = this.#options;
    logger.info('stopping', { graceSeconds });
    this.#stopping.abort(new Error('the operator is stopping'));
    let isIdle = false;
    try {
      const drained = [...this.#controllers].map(async (controller) => {
        const cutShort = await controller.stop(graceSeconds);
        if (cutShort.length > 0) logger.warn('reconciles cut short', { controller: controller.name, keys: cutShort });
        const keys = await controller.outlasting(abortedSeconds);
        if (keys.length > 0) logger.error('reconciles outlast their abort', { controller: controller.name, keys });
        return keys.length === 0;
      });
      const [areDrained] = await Promise.all([Promise.all(drained), ...this.watches.map((source) => source.stop())]);
      isIdle = areDrained.every((isDrained) => isDrained);
    } finally {
      await this.#release(isIdle);
    }
    logger.info('stopped');
  }

  /** One release that fails must not keep the next from being tried. */
  async #release(isIdle: boolean): Promise<void> {
    for (const { name, release, isForIdle } of this.#releases) {
      if (isForIdle && !isIdle) continue;
      await release().catch((error: unknown) => {
        this.#options.logger.error('release failed', { name, error });
      });
    }
  }
}

function watchId(group: string, version: string, plural: string): string {
  return `${plural}.${group === '' ? version : `${group}/${version}`}`;
}
