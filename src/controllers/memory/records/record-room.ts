// SPDX-License-Identifier: Apache-2.0
import {
  freeRecords,
  type RecordBound,
  recordExcess,
  recordRefusal,
  type RecordUse,
} from '../../../pipelines/ceilings/record-excess.ts';
import { namespaceOfRecord, type RecordKey } from '../../../records/record-key.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { parseRunKey, type RunKey } from '../../../tekton/run-key.ts';

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
  /** 0 until the record was about to be made. */
  readonly sizeBytes: number;
  /** Its run is woken, is being looked at, or comes again by itself: after a failure, or when its policy has a turn for it. */
  readonly state: 'InLine' | 'AtWork' | 'ComesAgain';
}

/** The line of one namespace, and the records that are being made. */
interface Line {
  /** In the order in which they came. */
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
    if (this.#isBounded(namespace) && !this.#isNext(record, sizeBytes())) return this.#wait(record, run, sizeBytes());
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
   * Takes room for the evidence of a record that was made without. It is not in line: its run comes again by itself.
   *
   * @returns the release of it, once the record is written; or the reason why there is no room
   */
  grow(record: RecordKey, addedBytes: () => number): (() => void) | string {
    const namespace = namespaceOfRecord(record);
    const bounds = this.#options.bounds(namespace).filter(({ evidenceBytes }) => evidenceBytes < Infinity);
    if (bounds.length === 0) return () => undefined;
    const [use, added] = [this.#use(namespace), addedBytes()];
    const tight = bounds.find(({ evidenceBytes }) => use.sizeBytes + added > evidenceBytes);
    if (tight !== undefined) return recordExcess([{ ...tight, records: Infinity }], use, added) ?? '';
    const { growing } = this.#line(namespace);
    growing.set(record, added);
    return () => {
      growing.delete(record);
      this.#tidy(namespace);
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
    waiting.set(record, { run, since, sizeBytes: sizeBytes ?? known?.sizeBytes ?? 0, state: 'InLine' });
    const ofRun = this.#ofRun.get(run) ?? new Set();
    this.#ofRun.set(run, ofRun.add(record));
    if (isFirst) this.#changed(namespace);
    return this.#message(namespace, sizeBytes);
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
    for (const [record, { run, state, sizeBytes }] of waiting) {
      if (!this.#holdsPlace(record)) continue;
      if (left < 1 || freeRecords(bounds, use, sizeBytes) < 1) return;
      use = withRecord(use, sizeBytes);
      if (state !== 'InLine' || run === except) continue;
      left -= 1;
      for (const listener of this.#onRoom) listener(run);
    }
  }

  /** True when there is room for a record, after those that came before it. */
  #isNext(record: RecordKey, addedBytes = 0): boolean {
    const namespace = namespaceOfRecord(record);
    const bounds = this.#options.bounds(namespace);
    if (bounds.length === 0) return true;
    let use = this.#use(namespace);
    for (const [key, { sizeBytes }] of this.#lines.get(namespace)?.waiting ?? []) {
      if (key === record) break;
      if (!this.#holdsPlace(key)) continue;
      use = withRecord(use, sizeBytes);
      if (freeRecords(bounds, use) < 1) return false;
    }
    return freeRecords(bounds, use, addedBytes) >= 1;
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
    return text ?? 'runs that waited for room under a PolicyCeiling are recorded first';
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

function withRecord({ records, sizeBytes }: RecordUse, addedBytes: number): RecordUse {
  return { records: records + 1, sizeBytes: sizeBytes + addedBytes };
}
