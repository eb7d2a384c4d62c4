// SPDX-License-Identifier: Apache-2.0
import { isForbidden } from '../../kube/kube-error.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { NotedParent } from './child-note-store.ts';

type NotesContext = Pick<ControllerContext, 'childNotes' | 'finishNotes'>;

/**
 * Takes up the notes that an earlier process, or another replica, recorded of a PipelineRun: once, and only where a policy asks for them.
 * Without the permission to read them, what this process saw itself is all there is.
 */
export async function takeUpNotes(context: NotesContext, parent: NotedParent, signal: AbortSignal): Promise<void> {
  const { childNotes, finishNotes } = context;
  if (finishNotes.recorded(parent.uid)?.recording.isRead !== false) return;
  try {
    const recorded = await childNotes.read(parent, signal);
    const recording = finishNotes.recorded(parent.uid)?.recording;
    // Another reconcile may have been faster, and may have written since.
    if (recording?.isRead !== false) return;
    for (const [key, note] of recorded ?? []) finishNotes.restore(parent.uid, key, note);
    recording.exists = recorded !== undefined;
    recording.running.clear();
    recording.isRead = true;
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
}
