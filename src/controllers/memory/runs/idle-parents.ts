// SPDX-License-Identifier: Apache-2.0

/** A run as it was first seen finished. */
export interface Note {
  readonly uid: string;
  readonly digest: string;
  /** True when the run had finished before the watch could see it. */
  readonly isLater: boolean;
}

/** A PipelineRun with the notes of its children, or a run with its own. */
export interface Parent {
  readonly namespace: string;
  readonly notes: Map<string, Note>;
  /** Present where a policy asks for the notes to be recorded. */
  recording?: Recording;
}

/** The notes of a PipelineRun as they are recorded outside the process. */
export interface Recording {
  /** True once those of an earlier process, or of another replica, are taken up. */
  isRead: boolean;
  /** True when something is recorded, of whatever content. */
  exists: boolean;
  /** The UIDs of children that ran when they were last delivered: until `isRead`, a note of them may turn up that counts no more. */
  readonly running: Set<string>;
  /** The notes that are recorded, by key. */
  readonly written: Map<string, Note>;
}

/**
 * PipelineRuns whose notes are kept only while there is room, by namespace, so that those of one push out none of another. Each takes the room
 * of a note itself: one without notes yet may still get some, as the watch of its children may be behind that of PipelineRuns.
 */
export class IdleParents {
  readonly #parents = new Map<string, Parent>();
  /** The UIDs of each namespace, the oldest first, and the number of these and their notes. */
  readonly #namespaces = new Map<string, { readonly uids: Set<string>; entries: number }>();
  #total = 0;

  /** The number of PipelineRuns and their notes. */
  get total(): number {
    return this.#total;
  }

  get(uid: string): Parent | undefined {
    return this.#parents.get(uid);
  }

  has(uid: string): boolean {
    return this.#parents.has(uid);
  }

  add(uid: string, parent: Parent): void {
    this.#parents.set(uid, parent);
    this.#of(parent.namespace).uids.add(uid);
    this.count(parent.namespace, 1 + parent.notes.size);
  }

  /** Removes one. */
  take(uid: string): Parent | undefined {
    const parent = this.#parents.get(uid);
    if (parent === undefined) return undefined;
    this.#parents.delete(uid);
    this.count(parent.namespace, -1 - parent.notes.size);
    const { uids } = this.#of(parent.namespace);
    uids.delete(uid);
    if (uids.size === 0) this.#namespaces.delete(parent.namespace);
    return parent;
  }

  /** Notes were added to, or removed from, those of a namespace. */
  count(namespace: string, change: number): void {
    this.#of(namespace).entries += change;
    this.#total += change;
  }

  /** The oldest of the namespace that takes the most room. */
  oldestOfLargest(): string | undefined {
    const [largest] = [...this.#namespaces.values()].toSorted((a, b) => b.entries - a.entries);
    const [oldest] = largest?.uids ?? [];
    return oldest;
  }

  #of(namespace: string): { readonly uids: Set<string>; entries: number } {
    const known = this.#namespaces.get(namespace) ?? { uids: new Set(), entries: 0 };
    this.#namespaces.set(namespace, known);
    return known;
  }
}
