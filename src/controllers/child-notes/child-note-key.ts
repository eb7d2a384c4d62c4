// SPDX-License-Identifier: Apache-2.0
import type { KeyOf } from '../../runtime/key-of.ts';
import type { NotedParent } from './child-note-store.ts';

/** `team-a/<uid>`: a PipelineRun whose children are noted. */
export type ChildNoteKey = KeyOf<'ChildNotes'>;

/** Stands for all PipelineRuns of which notes are recorded. */
export const LEFT_BEHIND: ChildNoteKey = '*';

export function childNoteKey({ namespace, uid }: NotedParent): ChildNoteKey {
  return `${namespace}/${uid}` as const;
}

export function parseChildNoteKey(key: ChildNoteKey): NotedParent {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, Math.max(0, slash)), uid: key.slice(slash + 1) };
}
