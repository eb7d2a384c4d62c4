// SPDX-License-Identifier: Apache-2.0
import { isForbidden } from '../../kube/kube-error.ts';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { RecordedParent } from '../memory/runs/finish-notes.ts';
import type { Note } from '../memory/runs/idle-parents.ts';
import { type ChildNoteKey, childNoteKey, LEFT_BEHIND, parseChildNoteKey } from './child-note-key.ts';
import type { NotedParent } from './child-note-store.ts';
import { takeUpNotes } from './take-up-notes.ts';

/** The API server takes 1 MiB of data in a ConfigMap. */
const MAX_BYTES = 900 * 1024;
/** A note without its key and UID: a digest and a seal. */
const NOTE_BYTES = 80;
/** The wait after another client changed what is recorded. */
const CHANGED_SECONDS = 0.2;
/** The wait for the operator to be granted what it may not do. */
const REFUSED_SECONDS = 300;
/** The longest name of an entry that the API server takes. */
const MAX_KEY_LENGTH = 253;

export interface ChildNoteReconcilerOptions {
  readonly context: Pick<ControllerContext, 'childNotes' | 'finishNotes' | 'shards'>;
  readonly enqueue: (key: ChildNoteKey) => void;
  /** True for the namespaces that may have runs. */
  readonly isWatched: (namespace: string) => boolean;
}

/** Records the notes of one PipelineRun as they are in memory, and removes them once they have served. */
export class ChildNoteReconciler implements Reconciler<ChildNoteKey> {
  readonly #options: ChildNoteReconcilerOptions;
  #hasLooked = false;

  constructor(options: ChildNoteReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: ChildNoteKey, signal: AbortSignal): Promise<Outcome> {
    try {
      return await this.#attempt(key, signal);
    } catch (error) {
      // The store has noted it, and the policies say so. Notes that stay behind are looked for again once the operator may remove them.
      if (!isForbidden(error)) throw error;
      if (key === LEFT_BEHIND) this.#hasLooked = false;
      const { finishNotes } = this.#options.context;
      const isAgain = key === LEFT_BEHIND || finishNotes.recorded(parseChildNoteKey(key).uid) !== undefined;
      return isAgain ? { requeueAfterSeconds: REFUSED_SECONDS, isIdle: true } : DONE;
    }
  }

  async #attempt(key: ChildNoteKey, signal: AbortSignal): Promise<Outcome> {
    if (key === LEFT_BEHIND) return this.#lookForLeftBehind(signal);
    const { context } = this.#options;
    const parent = parseChildNoteKey(key);
    if (context.finishNotes.recorded(parent.uid) === undefined) {
      await context.childNotes.remove(parent, signal);
      return DONE;
    }
    // Where no policy asks for recorded notes, none are looked for.
    if (!this.#hasLooked) this.#options.enqueue(LEFT_BEHIND);
    this.#hasLooked = true;
    return this.#record(parent, signal);
  }

  async #record(parent: NotedParent, signal: AbortSignal): Promise<Outcome> {
    const { childNotes, finishNotes } = this.#options.context;
    await takeUpNotes({ childNotes, finishNotes }, parent, signal);
    const recorded = finishNotes.recorded(parent.uid);
    if (recorded === undefined) return DONE;
    const changes = unrecorded(recorded);
    if (changes.size === 0) return DONE;
    const { recording } = recorded;
    const { written } = recording;
    if (!(await childNotes.write(parent, changes, { isNew: !recording.exists, signal }))) {
      // Where they may not be read, the next try would end the same way. This one ends as refused, and the next comes much later.
      if (!recording.isRead) await childNotes.read(parent, signal);
      // Another client removed or made it: all is read and written again.
      written.clear();
      recording.isRead = false;
      return { requeueAfterSeconds: CHANGED_SECONDS };
    }
    recording.exists = true;
    for (const [key, note] of changes) {
      if (note === undefined) written.delete(key);
      else written.set(key, note);
    }
    return DONE;
  }

  /** Has the notes removed of PipelineRuns that ended while no operator ran. */
  async #lookForLeftBehind(signal: AbortSignal): Promise<Outcome> {
    const { context, enqueue, isWatched } = this.#options;
    const { childNotes, finishNotes, shards } = context;
    for (const parent of await childNotes.parents(signal)) {
      const isOurs = isWatched(parent.namespace) && shards.owns(parent.namespace);
      if (isOurs && finishNotes.recorded(parent.uid) === undefined) enqueue(childNoteKey(parent));
    }
    return DONE;
  }
}

/** The notes that differ from what is recorded, as far as they have room; undefined for those that are to be removed. */
function unrecorded({ notes, recording: { written } }: RecordedParent): ReadonlyMap<string, Note | undefined> {
  const changes = new Map<string, Note | undefined>();
  for (const key of written.keys()) if (!notes.has(key)) changes.set(key, undefined);
  let bytes = 0;
  for (const [key, note] of notes) {
    // The note without a key is of the PipelineRun itself.
    if (key === '' || key.length > MAX_KEY_LENGTH) continue;
    bytes += key.length + note.uid.length + NOTE_BYTES;
    if (bytes > MAX_BYTES) break;
    if (!isSame(written.get(key), note)) changes.set(key, note);
  }
  return changes;
}

function isSame(written: Note | undefined, note: Note): boolean {
  if (written === note) return true;
  return written?.uid === note.uid && written.digest === note.digest && written.isLater === note.isLater;
}
