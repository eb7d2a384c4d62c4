// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../json/fields.ts';
import type { EgressResponse } from '../../net/egress-client.ts';
import { jsonBody } from '../http/rest-service.ts';
import type { RestService } from '../http/rest-service.ts';
import { StorageError } from '../storage-error.ts';
import type { ApiVersion, GrafeasNote } from './grafeas-note.ts';
import type { NewOccurrence } from './grafeas-occurrence.ts';
import { storedOccurrence } from './stored-occurrence.ts';
import type { StoredOccurrence } from './stored-occurrence.ts';

/** The largest occurrence: Grafeas uses gRPC behind its REST API, and a gRPC message takes 4 MiB. */
const MAX_OCCURRENCE_BYTES = 3_500_000;
/** The largest page of v1: every occurrence of the largest size, in base64. */
const MAX_PAGE_BYTES = 18 * 1024 * 1024;
/** Larger pages, because Grafeas' own server has no filters. */
const PAGE_SIZES: Readonly<Record<ApiVersion, number>> = { v1: 3, v1beta1: 10 };
/** The most pages of a note's occurrences to read. */
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

  /** Create the note if it does not exist. @throws StorageError */
  async ensureNote(note: GrafeasNote, doing: string, signal: AbortSignal): Promise<void> {
    const path = `/${this.#version}/${this.#project}/notes?noteId=${encodeURIComponent(note.id)}`;
    const response = await this.#service.send({ method: 'POST', path, body: JSON.stringify(note.body), doing }, signal);
    if (response.status === 409) return;
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    if (field(jsonBody(response, doing), 'name') !== note.name) throw strange(doing);
  }

  /** Find the note's occurrence with exactly this content, the first by name if there are several. @throws StorageError */
  async find(
    note: GrafeasNote,
    wanted: NewOccurrence,
    doing: string,
    signal: AbortSignal,
  ): Promise<StoredOccurrence | undefined> {
    const occurrences: StoredOccurrence[] = [];
    let pageSize = PAGE_SIZES[this.#version];
    const query = new URLSearchParams({
      filter: `resourceUrl=${JSON.stringify(wanted.resourceURI)}`,
      pageSize: String(pageSize),
    });
    for (let seen = 0; seen < MAX_OCCURRENCES; seen += pageSize) {
      const path = `/${this.#version}/${note.name}/occurrences?${query.toString()}`;
      const request = { method: 'GET', path, doing, maxResponseBytes: MAX_PAGE_BYTES } as const;
      const response = await this.#service.send(request, signal);
      if (pageSize > 1 && isTooLongForMessage(response)) {
        pageSize = 1;
        query.set('pageSize', '1');
        continue;
      }
      if (response.status !== 200) throw this.#service.refusal(response, doing);
      const body = jsonBody(response, doing);
      occurrences.push(...matches(listField(body, 'occurrences'), wanted));
      const next = field(body, 'nextPageToken');
      if (typeof next !== 'string' || next === '') return occurrences.sort((a, b) => (a.name < b.name ? -1 : 1))[0];
      query.set('pageToken', next);
    }
    const message = `${doing}: the note has more than ${MAX_OCCURRENCES} occurrences and the server does not filter them; begin another with grafeas.noteID`;
    throw new StorageError('BackendRejected', message);
  }

  /** Undefined if the note no longer exists. @throws StorageError */
  async create(occurrence: NewOccurrence, doing: string, signal: AbortSignal): Promise<StoredOccurrence | undefined> {
    const path = `/${this.#version}/${this.#project}/occurrences`;
    const body = JSON.stringify(occurrence.body);
    // The size of the gRPC message, without base64.
    const size = Math.ceil((Buffer.byteLength(body) * 3) / 4);
    if (size > MAX_OCCURRENCE_BYTES) throw tooLarge(size, doing);
    const request = { method: 'POST', path, body, doing, maxResponseBytes: MAX_PAGE_BYTES } as const;
    const response = await this.#service.send(request, signal);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    const [created] = matches([jsonBody(response, doing)], occurrence);
    if (created === undefined) throw strange(doing);
    return created;
  }

  /** Undefined if it does not exist. @throws StorageError */
  async read(name: string, doing: string, signal: AbortSignal): Promise<StoredOccurrence | undefined> {
    const path = `/${this.#version}/${name}`;
    const request = { method: 'GET', path, doing, maxResponseBytes: MAX_PAGE_BYTES } as const;
    const response = await this.#service.send(request, signal);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    return storedOccurrence(jsonBody(response, doing));
  }

  /**
   * Read a note and send an invalid occurrence: the server checks access before content, so a caller that may write gets the answer that
   * it is invalid. @throws StorageError
   */
  async tryOut(doing: string, signal: AbortSignal): Promise<void> {
    if (this.#version === 'v1beta1') {
      // Grafeas' own server has its own projects, and accepts notes for a project that does not exist.
      await this.#service.json({ method: 'GET', path: `/v1beta1/${this.#project}`, doing }, signal);
    }
    const notes = `/${this.#version}/${this.#project}/notes?pageSize=1`;
    await this.#service.json({ method: 'GET', path: notes, doing }, signal);
    const occurrences = `/${this.#version}/${this.#project}/occurrences`;
    const response = await this.#service.send({ method: 'POST', path: occurrences, body: '{}', doing }, signal);
    if (response.status === 400) return;
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    throw new StorageError('BackendRejected', `${doing}: the server there is not Grafeas; check grafeas.endpoint`);
  }
}

function matches(values: readonly unknown[], wanted: NewOccurrence): readonly StoredOccurrence[] {
  return values.flatMap((value) => {
    const occurrence = storedOccurrence(value);
    if (occurrence?.resourceURI !== wanted.resourceURI) return [];
    return occurrence.signature.toString('base64') === wanted.signature ? [occurrence] : [];
  });
}

/** Grafeas' own server answers 429, without Retry-After, for a page that is larger than a gRPC message. */
function isTooLongForMessage({ status, headers }: EgressResponse): boolean {
  return status === 429 && headers['retry-after'] === undefined;
}

function tooLarge(size: number, doing: string): StorageError {
  const message = `${doing}: the occurrence takes about ${size} bytes and Grafeas takes no more than ${MAX_OCCURRENCE_BYTES}; store the evidence in a backend of another type`;
  return new StorageError('BackendRejected', message);
}

function strange(doing: string): StorageError {
  return new StorageError('BackendUnavailable', `${doing}: the answer is not that of Grafeas; it is tried again`);
}
