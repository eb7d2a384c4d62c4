// SPDX-License-Identifier: Apache-2.0
import { CONFIG_MAPS } from '../../kube/core-resources.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isAlreadyExists, isForbidden, isNotFound } from '../../kube/kube-error.ts';
import { objectMetadata } from '../../kube/object-metadata.ts';
import { metadataOnly } from '../../kube/resource.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import type { RecordedNote } from '../memory/runs/finish-notes.ts';
import type { Note } from '../memory/runs/idle-parents.ts';
import { entryName, keyOfEntry, noteText, parseNote } from './note-text.ts';

/** A PipelineRun whose children are noted. */
export interface NotedParent {
  readonly namespace: string;
  readonly uid: string;
}

export interface ChildNoteStoreOptions {
  readonly client: Pick<KubeClient, 'find' | 'pages' | 'create' | 'mergePatch' | 'delete'>;
  readonly operatorNamespace: string;
  readonly sealKey: SecretValue;
  /** The earlier key of a rotation, whose seals count too. */
  readonly previousSealKey?: SecretValue | undefined;
  /** Throws once this replica does not hold the shard of the namespace any more. */
  readonly fence: (namespace: string) => void;
}

const PREFIX = 'hallmark-children-';
const NAMESPACE = 'hallmark.dev/namespace';
const LABEL = 'hallmark.dev/notes';
const VALUE = 'children';
const FORBIDDEN =
  'children are noted in memory only, as the operator may not record them: its administrator has to set rbac.recordNotes in the chart, or grant what docs/security.md lists for ConfigMaps of its own namespace';
type Verb = 'get' | 'create' | 'patch' | 'delete' | 'list';
/** The verbs without which children are noted in memory only. The others tidy up. */
const NOTING: readonly Verb[] = ['get', 'create', 'patch'];
const METADATA = metadataOnly(CONFIG_MAPS, objectMetadata);

/**
 * The notes of the children of PipelineRuns: a ConfigMap for each PipelineRun, in the operator's own namespace, where no team can reach it.
 * The only writer of these. Each entry carries its own seal, so that one is added without the others being read.
 */
export class ChildNoteStore {
  readonly #options: ChildNoteStoreOptions;
  readonly #sealKeys: readonly SecretValue[];
  /** Each is permitted for itself: one that is says nothing about another. */
  readonly #refused = new Set<Verb>();
  #onProblem: () => void = () => undefined;

  constructor(options: ChildNoteStoreOptions) {
    const { sealKey, previousSealKey } = options;
    this.#options = options;
    this.#sealKeys = previousSealKey === undefined ? [sealKey] : [sealKey, previousSealKey];
  }

  /** The reason why nothing can be recorded, as a sentence for people; undefined while all is well. */
  get problem(): string | undefined {
    return this.#refused.size > 0 ? FORBIDDEN : undefined;
  }

  /** The listener of changes of `problem`. */
  onProblem(listener: () => void): void {
    this.#onProblem = listener;
  }

  /** The notes that are recorded, by key; undefined when nothing is. One that the operator did not seal for this PipelineRun counts as absent. */
  async read(parent: NotedParent, signal: AbortSignal): Promise<ReadonlyMap<string, RecordedNote> | undefined> {
    const entries = await this.#permitted('get', () =>
      this.#options.client.find(CONFIG_MAPS, this.#name(parent), { signal }),
    );
    if (entries === undefined) return undefined;
    const { namespace, uid: parentUID } = parent;
    const notes = Object.entries(entries).flatMap(([entry, text]): [string, RecordedNote][] => {
      const key = keyOfEntry(entry);
      const found = parseNote({ namespace, parentUID, key }, text, this.#sealKeys);
      if (found === undefined) return [];
      return [[key, { note: found.note, isOutdated: found.sealedBy !== this.#options.sealKey }]];
    });
    return new Map(notes);
  }

  /**
   * Adds notes, and removes those that are undefined.
   * @returns false when nothing was written, as what was recorded before is gone, or was not known
   */
  async write(
    parent: NotedParent,
    notes: ReadonlyMap<string, Note | undefined>,
    { isNew, signal }: { readonly isNew: boolean; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const { client, fence } = this.#options;
    fence(parent.namespace);
    const entries = this.#entries(parent, notes);
    const data = isNew ? present(entries) : entries;
    const object = { metadata: { ...this.#name(parent), labels: labelsOf(parent) }, data };
    return this.#permitted(isNew ? 'create' : 'patch', async () => {
      try {
        if (isNew) await client.create(CONFIG_MAPS, object, { signal });
        else await client.mergePatch(CONFIG_MAPS, object, { signal });
        return true;
      } catch (error) {
        if (isNew ? !isAlreadyExists(error) : !isNotFound(error)) throw error;
        return false;
      }
    });
  }

  /** Removes the notes of a PipelineRun, if there are any. */
  async remove(parent: NotedParent, signal: AbortSignal): Promise<void> {
    this.#options.fence(parent.namespace);
    const { client } = this.#options;
    await this.#permitted('delete', () => client.delete(CONFIG_MAPS, this.#name(parent), { signal }));
  }

  /** All PipelineRuns of which there are notes. */
  parents(signal: AbortSignal): Promise<readonly NotedParent[]> {
    return this.#permitted('list', () => Array.fromAsync(this.#listed(signal)));
  }

  async *#listed(signal: AbortSignal): AsyncGenerator<NotedParent> {
    const { client, operatorNamespace: namespace } = this.#options;
    for await (const page of client.pages(METADATA, { namespace, labelSelector: `${LABEL}=${VALUE}`, signal })) {
      for (const object of page.items) {
        const metadata = objectMetadata(object);
        const of = metadata?.labels[NAMESPACE];
        if (of !== undefined && metadata?.name.startsWith(PREFIX) === true)
          yield { namespace: of, uid: metadata.name.slice(PREFIX.length) };
      }
    }
  }

  #entries(
    { namespace, uid: parentUID }: NotedParent,
    notes: ReadonlyMap<string, Note | undefined>,
  ): Readonly<Record<string, string | null>> {
    const { sealKey } = this.#options;
    const entries = [...notes].map(([key, note]) => {
      const text = note === undefined ? null : noteText({ namespace, parentUID, key }, note, sealKey);
      return [entryName(key), text] as const;
    });
    return Object.fromEntries(entries);
  }

  #name({ uid }: NotedParent): { readonly namespace: string; readonly name: string } {
    return { namespace: this.#options.operatorNamespace, name: `${PREFIX}${uid}` };
  }

  /** Notes whether the operator may do what it tries. */
  async #permitted<T>(verb: Verb, request: () => Promise<T>): Promise<T> {
    try {
      const result = await request();
      this.#note(verb, false);
      return result;
    } catch (error) {
      if (isForbidden(error)) this.#note(verb, true);
      throw error;
    }
  }

  #note(verb: Verb, isForbidden: boolean): void {
    const before = this.problem;
    if (isForbidden) this.#refused.add(verb);
    else if (this.#refused.delete(verb) && NOTING.includes(verb)) this.#forgive();
    if (this.problem !== before) this.#onProblem();
  }

  /** Once children can be noted again, the rest is most likely granted with it: it is tried again as soon as the listener hears of it. */
  #forgive(): void {
    if (!NOTING.some((verb) => this.#refused.has(verb))) this.#refused.clear();
  }
}

function labelsOf({ namespace }: NotedParent): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/managed-by': 'hallmark', [LABEL]: VALUE, [NAMESPACE]: namespace };
}

function present(data: Readonly<Record<string, string | null>>): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(data).filter(([, text]) => text !== null));
}
