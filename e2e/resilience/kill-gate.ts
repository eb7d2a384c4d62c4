// SPDX-License-Identifier: Apache-2.0
import { at, listAt } from '../chart/helm.ts';
import type { Moment, WriteGate, WriteRequest } from './write-journal.ts';

/** Immediately before or after which write of a run the operator dies. */
export interface KillPoint {
  /** Counts the writes of the run from 1. */
  readonly ordinal: number;
  readonly moment: Moment;
}

/**
 * A gate that holds several runs up, each at a write of its own, until the operator is killed. That write and all later ones of the
 * run never go on. A write about no run goes on until then.
 */
export class KillGate {
  readonly #points: ReadonlyMap<string, KillPoint>;
  readonly #ordinals = new Map<string, Map<WriteRequest, number>>();
  readonly #held = new Set<string>();
  readonly #allHeld = Promise.withResolvers<undefined>();
  readonly #killed = Promise.withResolvers<undefined>();
  #isDead = false;

  /** @param points - by the names of the runs, none of which is part of another */
  constructor(points: ReadonlyMap<string, KillPoint>) {
    this.#points = points;
  }

  /** The names of the runs that are held. */
  get held(): ReadonlySet<string> {
    return this.#held;
  }

  readonly gate: WriteGate = async (write, moment) => {
    if (this.#isDead) return false;
    const run = this.#runOf(write);
    const point = run === undefined ? undefined : this.#points.get(run);
    if (run === undefined || point === undefined) return true;
    if (!this.#held.has(run) && !this.#isAt(point, { run, write, moment })) return true;
    this.#held.add(run);
    if (this.#held.size === this.#points.size) this.#allHeld.resolve(undefined);
    await this.#killed.promise;
    return false;
  };

  /** Kills the operator with `kill` as soon as every run is held; resolves when it is dead and nothing of it is on its way any more. */
  async killed(kill: () => Promise<unknown>): Promise<void> {
    await this.#allHeld.promise;
    this.#isDead = true;
    await kill();
    this.#killed.resolve(undefined);
  }

  #isAt(
    { ordinal, moment: wanted }: KillPoint,
    { run, write, moment }: { readonly run: string; readonly write: WriteRequest; readonly moment: Moment },
  ): boolean {
    if (!isAboutRun(write)) return false;
    const ordinals = this.#ordinals.get(run) ?? new Map<WriteRequest, number>();
    this.#ordinals.set(run, ordinals);
    if (moment === 'Unsent') ordinals.set(write, ordinals.size + 1);
    return moment === wanted && ordinals.get(write) === ordinal;
  }

  #runOf(write: WriteRequest): string | undefined {
    return [...this.#points.keys()].find((name) => isOf(write, name));
  }
}

/** True for a write about the run of this name: its repository and its record are called after it. */
export function isOf({ method, path, body }: WriteRequest, run: string): boolean {
  const isCreated = method === 'POST' && path.endsWith('/provenancerecords');
  const place = isCreated ? String(at(JSON.parse(body.toString('utf8')), 'metadata', 'name')) : path;
  return place.includes(run);
}

/**
 * Leases, Events and the statuses of policies and backends are not about a run. A record's status counts once it is Ready: it may
 * be written earlier, if a registry is slow.
 */
export function isAboutRun(write: WriteRequest): boolean {
  const { server, path } = write;
  if (server === 'API' && path.includes('/provenancerecords/') && path.endsWith('/status')) return isReadyStatus(write);
  return server === 'registry' || path.includes('/provenancerecords') || path.includes('/taskruns/');
}

/** True for a write of a record's status that says that the record is Ready. */
export function isReadyStatus({ body }: WriteRequest): boolean {
  const conditions = listAt(JSON.parse(body.toString('utf8')), 'status', 'conditions');
  return conditions.some((condition) => at(condition, 'type') === 'Ready' && at(condition, 'status') === 'True');
}
