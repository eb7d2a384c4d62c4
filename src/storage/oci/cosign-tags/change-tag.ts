// SPDX-License-Identifier: Apache-2.0
import { tryParseJson } from '../../../json/try-parse-json.ts';
import { StorageError } from '../../storage-error.ts';
import type { NewManifest, RegistryClient } from '../registry/registry-client.ts';

/** A tag and its full name, for messages. */
export interface TagPlace {
  readonly tag: string;
  readonly name: string;
}

/** The content of a tag when it was read. */
export interface TagState {
  /** The registry's ETag; undefined if it sends none. */
  readonly etag: string | undefined;
}

/** A change to a tag. An undefined state means that the tag does not exist. */
export interface TagChange<State extends TagState> {
  read(): Promise<State | undefined>;
  isDone(state: State | undefined): boolean;
  /** The manifest that replaces the one that was read. */
  next(state: State | undefined): NewManifest;
}

type Condition = Readonly<Record<string, string>>;

/** Another process can write the tag between our read and our write; each lost race costs one more round. */
const MAX_ROUNDS = 5;

/**
 * Change a tag until a read shows the change. Registries cannot append, so read the tag, write it under the condition that it has not
 * changed, and read it again, because many registries ignore the condition. Repeat a write that another writer replaced.
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
    // A registry that refuses `If-None-Match: *` twice although the tag does not exist does not implement it: write without it.
    const condition: Condition = state === undefined && isRefused ? {} : writeCondition(state);
    isRefused = !(await client.putManifest(place.tag, change.next(state), condition, signal));
  }
  if (change.isDone(await change.read())) return;
  throw new StorageError(
    'BackendUnavailable',
    `${place.name}: other writers keep replacing the tag; it is tried again`,
  );
}

/** The headers that make a write conditional on the state that was read (RFC 9110 §13.1). */
export function writeCondition(state: TagState | undefined): Condition {
  if (state === undefined) return { 'if-none-match': '*' };
  const { etag } = state;
  // A weak ETag never matches: the registry would refuse every write.
  return etag === undefined || etag.startsWith('W/') ? {} : { 'if-match': etag };
}

/** Parse a JSON document that is to be written again; undefined if it is not JSON, or nested too deep to be written. */
export function rewritableJson(bytes: Buffer): unknown {
  const value = tryParseJson(bytes);
  try {
    // Unlike the parser, the writer calls itself for each level.
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}
