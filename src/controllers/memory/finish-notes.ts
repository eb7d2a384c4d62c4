// SPDX-License-Identifier: Apache-2.0
import type { Sighting } from '../../tekton/children/child-identity.ts';

export interface FinishNotesLimits {
  /** Notes of all namespaces together. */
  readonly total: number;
  /** Notes of one namespace, so that the children of one leave room for those of others. */
  readonly perNamespace: number;
  /** Notes of PipelineRuns that no policy selects, and of those that are not known yet. */
  readonly idle: number;
}

/** The beginning of the key of a nested PipelineRun, and of no name of a TaskRun. */
export const NESTED = 'PipelineRun/';

const LIMITS: FinishNotesLimits = { total: 100_000, perNamespace: 20_000, idle: 10_000 };

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

interface Note {
  readonly uid: string;
  readonly digest: string;
  /** True when the run had finished before the watch could see it. */
  readonly isLater: boolean;
}

interface Parent {
  readonly namespace: string;
  readonly notes: Map<string, Note>;
}

/**
 * Runs that are to be recorded, and the children of PipelineRuns, as they were first seen finished. A run that is changed, or a child that is
 * replaced, before its record exists differs from its note. The first note of a name stays, and a full book takes no new ones, so that no
 * note can be pushed out.
 */
export class FinishNotes {
  /** PipelineRuns that run, and runs that are to be recorded, by UID. */
  readonly #open = new Map<string, Parent>();
  /** PipelineRuns that no policy selects, and those that are not known yet, the oldest first. */
  readonly #idle = new Map<string, Parent>();
  readonly #counts = new Map<string, number>();
  readonly #limits: FinishNotesLimits;
  #total = 0;
  #idleTotal = 0;

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
    const idle = this.#idle.get(uid);
    if (idle !== undefined) {
      this.#idle.delete(uid);
      this.#idleTotal -= idle.notes.size;
    }
    this.#open.set(uid, idle ?? { namespace, notes: new Map() });
  }

  /** The PipelineRun is selected by no policy now. Its notes stay while there is room, as a label may still change that. */
  close(uid: string): void {
    const parent = this.#open.get(uid);
    if (parent === undefined) return;
    this.#open.delete(uid);
    if (parent.notes.size === 0) return;
    this.#idle.set(uid, parent);
    this.#idleTotal += parent.notes.size;
    this.#trimIdle();
  }

  /** The PipelineRun is gone, or all its records exist. Its nested PipelineRuns go with it. */
  forget(uid: string): void {
    const parent = this.#parent(uid);
    if (parent === undefined) return;
    if (this.#idle.delete(uid)) this.#idleTotal -= parent.notes.size;
    this.#open.delete(uid);
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
    return this.#total >= this.#limits.total || (this.#counts.get(namespace) ?? 0) >= this.#limits.perNamespace;
  }

  /** Notes a run, unless one under its name is noted already. That of an unknown PipelineRun is kept for when it is known. */
  note({ namespace, parentUID, key, uid, digest }: FinishedRunNote, isLater: boolean): void {
    if (this.isFull(namespace)) return;
    const parent = this.#parent(parentUID) ?? this.#unknown(parentUID, namespace);
    if (parent.notes.has(key)) return;
    parent.notes.set(key, { uid, digest: digest(), isLater });
    this.#count(parent.namespace, 1);
    if (!this.#idle.has(parentUID)) return;
    this.#idleTotal += 1;
    this.#trimIdle();
  }

  /** The very run that was noted runs again: Tekton takes up some that had failed. */
  reopened({ parentUID, key, uid }: Pick<FinishedRunNote, 'parentUID' | 'key' | 'uid'>): void {
    const parent = this.#parent(parentUID);
    if (parent?.notes.get(key)?.uid !== uid) return;
    parent.notes.delete(key);
    this.#count(parent.namespace, -1);
    if (this.#idle.has(parentUID)) this.#idleTotal -= 1;
  }

  /** Compares a run that was read with its note. */
  recall({ parentUID, key, uid, digest }: Omit<FinishedRunNote, 'namespace'>): Sighting {
    const note = this.#parent(parentUID)?.notes.get(key);
    if (note === undefined) return 'Unseen';
    if (note.uid !== uid) return 'Replaced';
    if (note.digest !== digest()) return 'Changed';
    return note.isLater ? 'Later' : 'Seen';
  }

  #parent(uid: string): Parent | undefined {
    return this.#open.get(uid) ?? this.#idle.get(uid);
  }

  #unknown(uid: string, namespace: string): Parent {
    const parent = { namespace, notes: new Map<string, Note>() };
    this.#idle.set(uid, parent);
    return parent;
  }

  #trimIdle(): void {
    for (const uid of this.#idle.keys()) {
      if (this.#idleTotal <= this.#limits.idle) return;
      this.forget(uid);
    }
  }

  #count(namespace: string, change: number): void {
    this.#total += change;
    const count = (this.#counts.get(namespace) ?? 0) + change;
    if (count === 0) this.#counts.delete(namespace);
    else this.#counts.set(namespace, count);
  }
}
