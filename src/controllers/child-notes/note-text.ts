// SPDX-License-Identifier: Apache-2.0
import { childNoteSealMatches, sealChildNote, type SealedChildNote } from '../../records/seal/seal.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import type { Note } from '../memory/runs/idle-parents.ts';

/** The child that a note is about. */
export interface NotedChild {
  readonly namespace: string;
  /** The UID of the PipelineRun. */
  readonly parentUID: string;
  /** Names the child among the children of its PipelineRun. */
  readonly key: string;
}

/** Names cannot hold this sign, and keys of a ConfigMap no slash. */
const SLASH = '_';

/** The entry of a ConfigMap that holds the note of a child. */
export function entryName(key: string): string {
  return key.replace('/', SLASH);
}

/** The reverse of `entryName`. */
export function keyOfEntry(entry: string): string {
  return entry.replace(SLASH, '/');
}

/** The note as text, with a seal: `<uid> <digest> Seen|Later <seal>`. */
export function noteText(child: NotedChild, note: Note, sealKey: SecretValue): string {
  const sealed = sealedContent(child, note);
  return [sealed.uid, sealed.digest, sealed.sighting, sealChildNote(sealKey, sealed)].join(' ');
}

/** The note in a text, with the key that sealed it; undefined when no key of the operator did so for this child. */
export function parseNote(
  child: NotedChild,
  text: string,
  sealKeys: readonly SecretValue[],
): { readonly note: Note; readonly sealedBy: SecretValue } | undefined {
  const [uid = '', digest = '', sighting, seal] = text.split(' ');
  const note: Note = {
    uid,
    digest: Buffer.from(digest, 'base64').toString('latin1'),
    isLater: sighting !== 'Seen',
  };
  const sealed = sealedContent(child, note);
  const sealedBy = sealKeys.find((key) => childNoteSealMatches(key, sealed, seal));
  return sealedBy === undefined ? undefined : { note, sealedBy };
}

function sealedContent({ namespace, parentUID, key }: NotedChild, { uid, digest, isLater }: Note): SealedChildNote {
  return {
    ...{ namespace, parentUID, uid, name: key },
    digest: Buffer.from(digest, 'latin1').toString('base64'),
    sighting: isLater ? 'Later' : 'Seen',
  };
}
