// SPDX-License-Identifier: Apache-2.0
import { IdleParents, type Note, type Parent, type Recording } from './idle-parents.ts';
import type { Sighting } from '../../../tekton/children/child-identity.ts';

export interface FinishNotesLimits {
  /** Notes of all namespaces together. */
  readonly total: number;
  /** Notes of one namespace, so that the children of one leave room for those of others. */
  readonly perNamespace: number;
  /** Notes that a namespace may have even when those of all together are used up. */
  readonly assured: number;
  /** PipelineRuns that no policy selects and those that are not known yet, and their notes. */
  readonly idle: number;
}

/** The beginning of the key of a nested PipelineRun, and of no name of a TaskRun. */
export const NESTED = 'PipelineRun/';

/** The digest of a note that counts for no run, as two runs were noted under the name. */
const UNSAID = 'none';

const LIMITS: FinishNotesLimits = { total: 100_000, perNamespace: 20_000, assured: 500, idle: 10_000 };

/** A run as the watch delivers it once it has finished. */
export interface FinishedRunNote {
  readonly namespace: string;
  /** The UID of the PipelineRun that the run is a child of, or its own: each run is also noted for itself. */
  readonly parentUID: string;
  /** Names the child among the children of its parent; empty for the run itself. */
  readonly key: string;
  readonly uid: string;
  /** Digests what the run says. */
  readonly digest: () => string;
}

/** A PipelineRun whose notes are recorded. */
export interface RecordedParent extends Readonly<Parent> {
  readonly recording: Recording;
}

/** A note as it was read from outside the process. */
export interface RecordedNote {
  readonly note: Note;
  /** True when the earlier key of a rotation sealed it: it is to be written again. */
  readonly isOutdated: boolean;
}

/** Called when notes of a PipelineRun are to be recorded, or are recorded for nothing now. */
export type RecordingListener = (parent: { readonly uid: string; readonly namespace: string }) => void;

/**
 * Runs that are to be recorded, and the children of PipelineRuns, as they were first seen finished. A run that is changed, or a child that is
 * replaced, before its record exists differs from its note. The first note of a name stays, and a full book takes no new ones, so that no
 * note can be pushed out.
 */
export class FinishNotes {
  /** PipelineRuns that run, and runs that are to be recorded, by UID. */
  readonly #open = new Map<string, Parent>();
  /** PipelineRuns that no policy selects, and those that are not known yet. */
  readonly #idle = new IdleParents();
  readonly #counts = new Map<string, number>();
  readonly #limits: FinishNotesLimits;
  #total = 0;
  #onRecording: RecordingListener = () => undefined;

  constructor(limits: FinishNotesLimits = LIMITS) {
    this.#limits = limits;
  }

  /** The number of notes. */
  get size(): number {
    return this.#total;
  }

  /** The PipelineRun runs, or is to be recorded: its children are noted. */
  open(uid: string, namespace: string): void {
    if (this.#open.has(uid)) return;
    if (this.#isOfOther(uid, namespace)) this.forget(uid);
    this.#open.set(uid, this.#idle.take(uid) ?? { namespace, notes: new Map() });
  }

  /**
   * The PipelineRun is selected by no policy now. Its notes stay while there is room, and more of them are taken, as a label may still change
   * that.
   */
  close(uid: string): void {
    const parent = this.#open.get(uid);
    if (parent === undefined) return;
    this.#open.delete(uid);
    this.#endRecording(uid, parent);
    this.#idle.add(uid, parent);
    this.#trimIdle();
  }

  /** The PipelineRun is gone, or all its records exist. Its nested PipelineRuns go with it. */
  forget(uid: string): void {
    const parent = this.#parent(uid);
    if (parent === undefined) return;
    this.#idle.take(uid);
    this.#open.delete(uid);
    this.#endRecording(uid, parent);
    this.#count(parent.namespace, -parent.notes.size);
    for (const [key, child] of parent.notes) {
      if (key.startsWith(NESTED)) this.forget(child.uid);
    }
  }

  /** True when the children of the PipelineRun are noted. */
  isNoted(uid: string): boolean {
    return this.#open.has(uid) || this.#idle.has(uid);
  }

  /** True when no more children of the namespace are noted. */
  isFull(namespace: string): boolean {
    const count = this.#counts.get(namespace) ?? 0;
    const { total, perNamespace, assured } = this.#limits;
    return count >= (this.#total >= total ? assured : perNamespace);
  }

  /** Notes a run, unless one under its name is noted already. That of an unknown PipelineRun is kept for when it is known. */
  note({ namespace, parentUID, key, uid, digest }: FinishedRunNote, isLater: boolean): void {
    // The author of a run can name any PipelineRun as its controller, also one of another namespace, whose child it never is.
    if (this.isFull(namespace) || this.#isOfOther(parentUID, namespace)) return;
    const parent = this.#parent(parentUID) ?? this.#unknown(parentUID, namespace);
    if (parent.notes.has(key)) return;
    parent.notes.set(key, { uid, digest: digest(), isLater });
    this.#count(parent.namespace, 1);
    this.#changed(parentUID, parent);
    if (!this.#idle.has(parentUID)) return;
    this.#idle.count(parent.namespace, 1);
    this.#trimIdle();
  }

  /** The very run that was noted runs again: Tekton takes up some that had failed. */
  reopened({ parentUID, key, uid }: Pick<FinishedRunNote, 'parentUID' | 'key' | 'uid'>): void {
    const parent = this.#parent(parentUID);
    if (parent?.recording?.isRead === false) parent.recording.running.add(uid);
    if (parent?.notes.get(key)?.uid !== uid) return;
    parent.notes.delete(key);
    this.#count(parent.namespace, -1);
    this.#changed(parentUID, parent);
    if (!this.#idle.has(parentUID)) return;
    this.#idle.count(parent.namespace, -1);
    // Their number is bounded by that of their notes.
    if (parent.notes.size === 0) this.#idle.take(parentUID);
  }

  /** Compares a run that was read with its note. */
  recall({ parentUID, key, uid, digest }: Omit<FinishedRunNote, 'namespace'>): Sighting {
    const note = this.#parent(parentUID)?.notes.get(key);
    if (note === undefined) return 'Unseen';
    if (note.uid !== uid || note.digest === UNSAID) return 'Replaced';
    if (note.digest !== digest()) return 'Changed';
    return note.isLater ? 'Later' : 'Seen';
  }

  /** The listener of recordings. */
  onRecording(listener: RecordingListener): void {
    this.#onRecording = listener;
  }

  /** A policy asks for the notes of an open PipelineRun to be recorded, or none does any more. */
  setRecorded(uid: string, isRecorded: boolean): void {
    const parent = this.#open.get(uid);
    if (parent === undefined || isRecorded === (parent.recording !== undefined)) return;
    if (!isRecorded) {
      this.#endRecording(uid, parent);
      return;
    }
    parent.recording = { isRead: false, exists: false, running: new Set(), written: new Map() };
    this.#changed(uid, parent);
  }

  /** The PipelineRun with its notes, where they are recorded. */
  recorded(uid: string): RecordedParent | undefined {
    const parent = this.#open.get(uid);
    return isRecorded(parent) ? parent : undefined;
  }

  /** The PipelineRuns whose notes are recorded. */
  *allRecorded(): Iterable<{ readonly uid: string; readonly namespace: string }> {
    for (const [uid, parent] of this.#open) if (isRecorded(parent)) yield { uid, namespace: parent.namespace };
  }

  /** Another process may have recorded notes of these namespaces meanwhile: they are read again before they count, or are written. */
  readAgain(isConcerned: (namespace: string) => boolean): void {
    for (const { namespace, recording } of this.#open.values()) {
      if (recording === undefined || !isConcerned(namespace)) continue;
      recording.isRead = false;
      recording.written.clear();
    }
  }

  /**
   * Takes up a note that is recorded. It gives way to what this process saw of the same run. Where this process noted another run under its
   * name, neither counts: one of the two had finished before the other was created, so whichever is there is a replacement.
   */
  restore(parentUID: string, key: string, { note: recorded, isOutdated }: RecordedNote): void {
    const parent = this.recorded(parentUID);
    if (parent === undefined) return;
    const own = parent.notes.get(key);
    const isSeenSince = own?.uid === recorded.uid && !own.isLater && recorded.digest !== UNSAID;
    const isOfOther = own !== undefined && own.uid !== recorded.uid;
    if (!isSeenSince && !parent.recording.running.has(recorded.uid)) {
      parent.notes.set(key, isOfOther ? { ...recorded, digest: UNSAID } : recorded);
      if (own === undefined) this.#count(parent.namespace, 1);
    }
    // One without a note in memory is known as written, so that it is removed.
    if (!isOutdated || !parent.notes.has(key)) parent.recording.written.set(key, recorded);
  }

  #changed(uid: string, { namespace, recording }: Parent): void {
    if (recording !== undefined) this.#onRecording({ uid, namespace });
  }

  #endRecording(uid: string, parent: Parent): void {
    if (parent.recording === undefined) return;
    delete parent.recording;
    this.#onRecording({ uid, namespace: parent.namespace });
  }

  #isOfOther(uid: string, namespace: string): boolean {
    const parent = this.#parent(uid);
    return parent !== undefined && parent.namespace !== namespace;
  }

  #parent(uid: string): Parent | undefined {
    return this.#open.get(uid) ?? this.#idle.get(uid);
  }

  #unknown(uid: string, namespace: string): Parent {
    const parent = { namespace, notes: new Map<string, Note>() };
    this.#idle.add(uid, parent);
    return parent;
  }

  /** The namespace that has most of them gives up its oldest. */
  #trimIdle(): void {
    while (this.#idle.total > this.#limits.idle) {
      const oldest = this.#idle.oldestOfLargest();
      if (oldest === undefined) return;
      this.forget(oldest);
    }
  }

  #count(namespace: string, change: number): void {
    this.#total += change;
    const count = (this.#counts.get(namespace) ?? 0) + change;
    if (count === 0) this.#counts.delete(namespace);
    else this.#counts.set(namespace, count);
  }
}

function isRecorded(parent: Parent | undefined): parent is RecordedParent {
  return parent?.recording !== undefined;
}
