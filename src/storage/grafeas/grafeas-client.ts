// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../api/v1alpha1/field.ts';
import { jsonBody } from '../rest-service.ts';
import type { RestService } from '../rest-service.ts';
import { StorageError } from '../storage-error.ts';
import type { ApiVersion, GrafeasNote } from './grafeas-note.ts';
import type { NewOccurrence } from './grafeas-occurrence.ts';
import { storedOccurrence } from './stored-occurrence.ts';
import type { StoredOccurrence } from './stored-occurrence.ts';

/** Grafeas' own server knows no filters and refuses (429) a page that is longer than a gRPC message of 4 MiB: its pages are short. */
const PAGE_SIZES: Readonly<Record<ApiVersion, number>> = { v1: 100, v1beta1: 10 };
/** Of a note, where they are listed whole. */
const MAX_OCCURRENCES = 50_000;

/** The requests of the Grafeas API that the driver makes. */
export class GrafeasClient {
  readonly #service: RestService;
  readonly #version: ApiVersion;
  readonly #project: string;

  constructor(service: RestService, version: ApiVersion, projectID: string) {
    this.#service = service;
    this.#version = version;
    this.#project = `projects/${projectID}`;
  }

  /** Makes the note, unless it is there. @throws StorageError */
  async ensureNote(note: GrafeasNote, doing: string, signal: AbortSignal): Promise<void> {
    const path = `/${this.#version}/${this.#project}/notes?noteId=${encodeURIComponent(note.id)}`;
    const response = await this.#service.send({ method: 'POST', path, body: JSON.stringify(note.body), doing }, signal);
    if (response.status === 409) return;
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    if (field(jsonBody(response, doing), 'name') !== note.name) throw strange(doing);
  }

  /** The occurrence of the note that says exactly this, the first by name where there are several. @throws StorageError */
  async find(
    note: GrafeasNote,
    wanted: NewOccurrence,
    doing: string,
    signal: AbortSignal,
  ): Promise<StoredOccurrence | undefined> {
    const found: StoredOccurrence[] = [];
    const pageSize = PAGE_SIZES[this.#version];
    const query = new URLSearchParams({
      filter: `resourceUrl=${JSON.stringify(wanted.resourceURI)}`,
      pageSize: String(pageSize),
    });
    for (let seen = 0; seen < MAX_OCCURRENCES; seen += pageSize) {
      const path = `/${this.#version}/${note.name}/occurrences?${query.toString()}`;
      const body = await this.#service.json({ method: 'GET', path, doing }, signal);
      found.push(...matches(listField(body, 'occurrences'), wanted));
      const next = field(body, 'nextPageToken');
      if (typeof next !== 'string' || next === '') return found.sort((a, b) => (a.name < b.name ? -1 : 1))[0];
      query.set('pageToken', next);
    }
    const message = `${doing}: the note has more than ${MAX_OCCURRENCES} occurrences and the server does not filter them; begin another with grafeas.noteID`;
    throw new StorageError('BackendRejected', message);
  }

  /** undefined when the note is gone. @throws StorageError */
  async create(occurrence: NewOccurrence, doing: string, signal: AbortSignal): Promise<StoredOccurrence | undefined> {
    const path = `/${this.#version}/${this.#project}/occurrences`;
    const body = JSON.stringify(occurrence.body);
    const response = await this.#service.send({ method: 'POST', path, body, doing }, signal);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    const [created] = matches([jsonBody(response, doing)], occurrence);
    if (created === undefined) throw strange(doing);
    return created;
  }

  /** undefined when there is none. @throws StorageError */
  async read(name: string, doing: string, signal: AbortSignal): Promise<StoredOccurrence | undefined> {
    const response = await this.#service.send({ method: 'GET', path: `/${this.#version}/${name}`, doing }, signal);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    return storedOccurrence(jsonBody(response, doing));
  }

  /**
   * Reads a note and offers an occurrence that cannot be taken: access is checked before content, so whoever may write hears that
   * it is invalid. @throws StorageError
   */
  async tryOut(doing: string, signal: AbortSignal): Promise<void> {
    if (this.#version === 'v1beta1') {
      // Only Grafeas' own server has projects of its own; it would take notes for one that does not exist.
      await this.#service.json({ method: 'GET', path: `/v1beta1/${this.#project}`, doing }, signal);
    }
    const notes = `/${this.#version}/${this.#project}/notes?pageSize=1`;
    await this.#service.json({ method: 'GET', path: notes, doing }, signal);
    const occurrences = `/${this.#version}/${this.#project}/occurrences`;
    const response = await this.#service.send({ method: 'POST', path: occurrences, body: '{}', doing }, signal);
    if (response.status === 400) return;
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    throw new StorageError('BackendRejected', `${doing}: what answers there is no Grafeas; check grafeas.endpoint`);
  }
}

function matches(values: readonly unknown[], wanted: NewOccurrence): readonly StoredOccurrence[] {
  return values.flatMap((value) => {
    const occurrence = storedOccurrence(value);
    if (occurrence?.resourceURI !== wanted.resourceURI) return [];
    return occurrence.signature.toString('base64') === wanted.signature ? [occurrence] : [];
  });
}

function strange(doing: string): StorageError {
  return new StorageError('BackendUnavailable', `${doing}: the answer is not that of Grafeas; it is tried again`);
}
