// SPDX-License-Identifier: Apache-2.0
import {
  hasRoom,
  type RecordBound,
  recordExcess,
  recordRefusal,
  type RecordUse,
} from '../../../pipelines/ceilings/record-excess.ts';
import { namespaceOfRecord, type RecordKey } from '../../../records/record-key.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { parseRunKey, type RunKey } from '../../../tekton/run-key.ts';

const COME_FIRST = 'runs that waited for room under a PolicyCeiling are recorded first';
/** The number of runs that are woken at once; each that is recorded wakes more. */
const WOKEN = 32;

export interface RecordRoomOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** The bounds that ceilings set in a namespace. */
  readonly bounds: (namespace: string) => readonly RecordBound[];
  /** The records that a namespace has. */
  readonly use: (namespace: string) => RecordUse;
  /** True for a record that `use` counts. */
  readonly isRecorded: (record: RecordKey) => boolean;
}

/** A record that waits for room. */
interface Waiting {
  readonly run: RunKey;
  readonly since: Date;
  /** The room that it takes: no bytes until it was about to be made, and no record more where it waits for its evidence. */
  readonly need: RecordUse;
  /** Its run is woken, is being looked at, or comes again by itself: after a failure, or when its policy has a turn for it. */
  readonly state: 'InLine' | 'AtWork' | 'ComesAgain';
}

/** The evidence of a record that was made without. */
export interface Growth {
  readonly addedBytes: () => number;
  /** The end of its run. */
  readonly finished: Date;
}

/** The line of one namespace, and the records that are being made. */
interface Line {
  /** Those that wait for their evidence, the oldest first, and then all others in the order in which they came. */
  readonly waiting: Map<RecordKey, Waiting>;
  /** With their sizes, which are asked for only where a bound counts them. */
  readonly reserved: Map<RecordKey, () => number>;
  /** The bytes that records without evidence are about to get. */
  readonly growing: Map<RecordKey, number>;
}

/**
 * The room that ceilings leave for the records of a namespace's SigningPolicies. Where there is none, runs wait in line: no run is taken up
 * before one that came earlier, so that none waits for ever, and none is left out because it waited for too long.
 */
export class RecordRoom {
  readonly #options: RecordRoomOptions;
  readonly #lines = new Map<string, Line>();
  readonly #ofRun = new Map<RunKey, Set<RecordKey>>();
  readonly #onRoom = new Set<(run: RunKey) => void>();
  readonly #onChange = new Set<(namespace: string) => void>();

  constructor(options: RecordRoomOptions) {
    this.#options = options;
  }

  /** Called with each run that may be recorded now. */
  onRoom(listener: (run: RunKey) => void): void {
    this.#onRoom.add(listener);
  }

  /** Called when the first run of a namespace waits, and when none does any more. */
  onChange(listener: (namespace: string) => void): void {
    this.#onChange.add(listener);
  }

  /** The number of runs that wait, in the namespaces for which `isCounted` returns true. */
  count(isCounted: (namespace: string) => boolean): number {
    return [...this.#ofRun.keys()].filter((run) => isCounted(parseRunKey(run).namespace)).length;
  }

  /** True when a run of a namespace is in line, for room or for when it comes again. */
  hasWaiting(namespace: string): boolean {
    return (this.#lines.get(namespace)?.waiting.size ?? 0) > 0;
  }

  /** Since when a record waits; undefined for one that does not. */
  waitingSince(record: RecordKey): Date | undefined {
    return this.#lines.get(namespaceOfRecord(record))?.waiting.get(record)?.since;
  }

  /** The reason why runs of a namespace wait; undefined while none does. */
  problem(namespace: string): string | undefined {
    return this.#hasInLine(namespace) ? this.#message(namespace) : undefined;
  }

  /** @returns the reason why a record has to wait, which is in line from then on; undefined when it may be made now */
  enter(record: RecordKey, run: RunKey): string | undefined {
    if (!this.#isNext(record)) return this.#wait(record, run);
    this.#setState(record, 'AtWork');
    return undefined;
  }

  /**
   * Takes room for a record that is about to be made.
   *
   * @returns the release of it, once the record is known or was not made; or the reason why it has to wait, in line
   */
  reserve(record: RecordKey, run: RunKey, sizeBytes: () => number): (() => void) | string {
    const namespace = namespaceOfRecord(record);
    if (this.#isBounded(namespace) && !this.#isNext(record, aRecord(sizeBytes())))
      return this.#wait(record, run, sizeBytes());
    const { reserved } = this.#line(namespace);
    reserved.set(record, sizeBytes);
    return () => {
      reserved.delete(record);
      this.#tidy(namespace);
      // The run itself is being looked at.
      this.#wake(namespace, run);
    };
  }

  /**
   * Takes room for the evidence of a record that was made without. Its place in line is that of its age, before all records that are not made
   * yet: after a restart it has the same.
   *
   * @returns the release of it, once the record is written; or the reason why it has to wait, in line
   */
  grow(record: RecordKey, run: RunKey, { addedBytes, finished }: Growth): (() => void) | string {
    const namespace = namespaceOfRecord(record);
    if (this.#options.bounds(namespace).every(({ evidenceBytes }) => evidenceBytes === Infinity))
      return () => undefined;
    const need = { records: 0, sizeBytes: addedBytes() };
    if (!this.#isNext(record, need, finished))
      return this.#waitToGrow(record, { run, since: finished, need, state: 'InLine' });
    this.#setState(record, 'AtWork');
    const { growing } = this.#line(namespace);
    growing.set(record, need.sizeBytes);
    return () => {
      growing.delete(record);
      this.#tidy(namespace);
      this.#wake(namespace, run);
    };
  }

  /** The reason why a record of this size would never have room, not even alone; undefined when it would. */
  refusal(namespace: string, sizeBytes: () => number): string | undefined {
    const bounds = this.#options.bounds(namespace).filter(({ evidenceBytes }) => evidenceBytes < Infinity);
    return bounds.length === 0 ? undefined : recordRefusal(bounds, sizeBytes());
  }

  /** A record that could be made now is not: it lets others pass, and stays in line for when its run comes again. */
  giveWay(record: RecordKey): void {
    const waiting = this.#lines.get(namespaceOfRecord(record))?.waiting;
    const entry = waiting?.get(record);
    if (waiting === undefined || entry === undefined) return;
    // At the end, so that it does not keep the run's other records from their turn either.
    waiting.delete(record);
    waiting.set(record, { ...entry, state: 'ComesAgain' });
  }

  /** A run was looked at, and some of its records still wait. Others that come again give way, and the rest leave the line. */
  settle(run: RunKey, waiting: ReadonlySet<RecordKey>, comesAgain: (record: RecordKey) => boolean = () => false): void {
    const others = [...(this.#ofRun.get(run) ?? [])].filter((record) => !waiting.has(record));
    if (others.length === 0) return;
    const { namespace } = parseRunKey(run);
    const kept = others.filter((record) => comesAgain(record));
    for (const record of kept) this.giveWay(record);
    for (const record of others) if (!kept.includes(record)) this.#leave(record, run);
    this.#tidy(namespace);
    if (!this.#hasInLine(namespace)) this.#changed(namespace);
    // A run that comes again must not wake itself: it would come at once, for ever.
    this.#wake(namespace, kept.length > 0 ? run : undefined);
  }

  /** There may be room in a namespace: the first in line are looked at. */
  wake(namespace: string): void {
    this.#wake(namespace);
  }

  /** Forgets the lines of namespaces, which are another replica's from now on. */
  forget(isForgotten: (namespace: string) => boolean): void {
    for (const run of this.#ofRun.keys()) if (isForgotten(parseRunKey(run).namespace)) this.#ofRun.delete(run);
    for (const [namespace, { waiting }] of this.#lines) {
      if (!isForgotten(namespace)) continue;
      waiting.clear();
      this.#tidy(namespace);
    }
  }

  #wait(record: RecordKey, run: RunKey, sizeBytes?: number): string {
    const namespace = namespaceOfRecord(record);
    const { waiting } = this.#line(namespace);
    const isFirst = !this.#hasInLine(namespace);
    const known = waiting.get(record);
    const since = known?.since ?? this.#options.clock.now();
    waiting.set(record, { run, since, need: aRecord(sizeBytes ?? known?.need.sizeBytes), state: 'InLine' });
    this.#noteWait(record, run, isFirst);
    return this.#message(namespace, sizeBytes);
  }

  #waitToGrow(record: RecordKey, entry: Waiting): string {
    const namespace = namespaceOfRecord(record);
    const { waiting } = this.#line(namespace);
    const isFirst = !this.#hasInLine(namespace);
    waiting.delete(record);
    const others = [...waiting];
    const next = others.findIndex(([, other]) => !isBefore(other, entry));
    const later = next === -1 ? [] : others.slice(next);
    for (const [key] of later) waiting.delete(key);
    for (const [key, each] of [[record, entry] as const, ...later]) waiting.set(key, each);
    this.#noteWait(record, entry.run, isFirst);
    const bounds = this.#options.bounds(namespace).map((bound) => ({ ...bound, records: Infinity }));
    return recordExcess(bounds, this.#use(namespace), entry.need.sizeBytes) ?? COME_FIRST;
  }

  #noteWait(record: RecordKey, run: RunKey, isFirst: boolean): void {
    const ofRun = this.#ofRun.get(run) ?? new Set();
    this.#ofRun.set(run, ofRun.add(record));
    if (isFirst) this.#changed(namespaceOfRecord(record));
  }

  #leave(record: RecordKey, run: RunKey): void {
    this.#lines.get(namespaceOfRecord(record))?.waiting.delete(record);
    const ofRun = this.#ofRun.get(run);
    ofRun?.delete(record);
    if (ofRun?.size === 0) this.#ofRun.delete(run);
  }

  #setState(record: RecordKey, state: Waiting['state']): void {
    const waiting = this.#lines.get(namespaceOfRecord(record))?.waiting;
    const entry = waiting?.get(record);
    if (entry !== undefined) waiting?.set(record, { ...entry, state });
  }

  #wake(namespace: string, except?: RunKey): void {
    const waiting = this.#lines.get(namespace)?.waiting;
    if (waiting === undefined || waiting.size === 0) return;
    const bounds = this.#options.bounds(namespace);
    let use = this.#use(namespace);
    let left = WOKEN;
    for (const [record, { run, state, need }] of waiting) {
      if (!this.#holdsPlace(record)) continue;
      if (left < 1 || !hasRoom(bounds, use, need)) return;
      use = sum(use, need);
      if (state !== 'InLine' || run === except) continue;
      left -= 1;
      for (const listener of this.#onRoom) listener(run);
    }
  }

  /** True when there is room for a record, after those that come before it. @param finished the end of the run, for one that waits for its evidence */
  #isNext(record: RecordKey, need = aRecord(), finished?: Date): boolean {
    const namespace = namespaceOfRecord(record);
    const bounds = this.#options.bounds(namespace);
    if (bounds.length === 0) return true;
    let use = this.#use(namespace);
    for (const [key, entry] of this.#lines.get(namespace)?.waiting ?? []) {
      if (key === record || (finished !== undefined && !isBefore(entry, { need, since: finished }))) break;
      if (!this.#holdsPlace(key)) continue;
      use = sum(use, entry.need);
      if (!hasRoom(bounds, use, need)) return false;
    }
    return hasRoom(bounds, use, need);
  }

  #isBounded(namespace: string): boolean {
    return this.#options.bounds(namespace).length > 0;
  }

  #hasInLine(namespace: string): boolean {
    const waiting = this.#lines.get(namespace)?.waiting.values() ?? [];
    for (const { state } of waiting) if (state === 'InLine') return true;
    return false;
  }

  /** True for a record in line that others have to leave room for, beyond those that are made and being made. */
  #holdsPlace(record: RecordKey): boolean {
    const line = this.#lines.get(namespaceOfRecord(record));
    const state = line?.waiting.get(record)?.state;
    if (state === 'InLine') return true;
    return state === 'AtWork' && line?.reserved.has(record) === false && !this.#options.isRecorded(record);
  }

  #message(namespace: string, addedBytes?: number): string {
    const text = recordExcess(this.#options.bounds(namespace), this.#use(namespace), addedBytes);
    return text ?? COME_FIRST;
  }

  /** Records that are being made count. */
  #use(namespace: string): RecordUse {
    const { records, sizeBytes } = this.#options.use(namespace);
    const reserved = [...(this.#lines.get(namespace)?.reserved ?? [])];
    const unmade = reserved.filter(([record]) => !this.#options.isRecorded(record));
    const unmadeBytes = unmade.reduce((sum, [, size]) => sum + size(), 0);
    const growingBytes = [...(this.#lines.get(namespace)?.growing.values() ?? [])].reduce((sum, size) => sum + size, 0);
    return { records: records + unmade.length, sizeBytes: sizeBytes + unmadeBytes + growingBytes };
  }

  #line(namespace: string): Line {
    const line = this.#lines.get(namespace) ?? {
      waiting: new Map<RecordKey, Waiting>(),
      reserved: new Map(),
      growing: new Map(),
    };
    this.#lines.set(namespace, line);
    return line;
  }

  #tidy(namespace: string): void {
    const line = this.#lines.get(namespace);
    if (line?.waiting.size === 0 && line.reserved.size === 0 && line.growing.size === 0) this.#lines.delete(namespace);
  }

  #changed(namespace: string): void {
    for (const listener of this.#onChange) listener(namespace);
  }
}

/** The room that a record takes that is not made yet. */
function aRecord(sizeBytes = 0): RecordUse {
  return { records: 1, sizeBytes };
}

/** True for one that stands in line before another that waits for its evidence. */
function isBefore(one: Pick<Waiting, 'need' | 'since'>, other: Pick<Waiting, 'need' | 'since'>): boolean {
  return one.need.records === 0 && one.since <= other.since;
}

function sum(one: RecordUse, other: RecordUse): RecordUse {
  return { records: one.records + other.records, sizeBytes: one.sizeBytes + other.sizeBytes };
}
