// SPDX-License-Identifier: Apache-2.0
import { StorageError } from '../../storage-error.ts';
import type { ManifestContent, RegistryClient } from '../registry/registry-client.ts';

/** A tag, and its full name for messages. */
export interface TagPlace {
  readonly tag: string;
  readonly name: string;
}

/** What a tag held when it was read. */
export interface TagState {
  /** As the registry sent it, where it sends one. */
  readonly etag: string | undefined;
}

/** How a tag is changed. undefined stands for a tag that is not there. */
export interface TagChange<State extends TagState> {
  read(): Promise<State | undefined>;
  isDone(state: State | undefined): boolean;
  /** The manifest that takes the place of what was read. */
  next(state: State | undefined): Promise<ManifestContent>;
}

type Condition = Readonly<Record<string, string>>;

/** Another process can write the same tag between our reading and writing; each time we lose costs one more round. */
const MAX_ROUNDS = 5;

/**
 * Changes a tag until the change is found there. Registries have no append, so it is read, written under the condition that it is still
 * as it was read, and read again, for many registries pass over conditions: a write that another one overtook is repeated.
 */
export async function changeTag<State extends TagState>(
  client: RegistryClient,
  place: TagPlace,
  change: TagChange<State>,
  signal: AbortSignal,
): Promise<void> {
  let isRefused = false;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const state = await change.read();
    if (change.isDone(state)) return;
    // Who refuses to make what is not there twice means something else by it.
    const condition: Condition = state === undefined && isRefused ? {} : writeCondition(state);
    isRefused = !(await client.putManifest(place.tag, await change.next(state), condition, signal));
  }
  if (change.isDone(await change.read())) return;
  throw new StorageError(
    'BackendUnavailable',
    `${place.name}: other writers keep replacing the tag; it is tried again`,
  );
}

/** Headers by which a tag is written only if it is still as it was read (RFC 9110 §13.1). */
export function writeCondition(state: TagState | undefined): Condition {
  if (state === undefined) return { 'if-none-match': '*' };
  const { etag } = state;
  // A weak one matches nothing: the write would be refused for ever.
  return etag === undefined || etag.startsWith('W/') ? {} : { 'if-match': etag };
}
