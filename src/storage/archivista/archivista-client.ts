// SPDX-License-Identifier: Apache-2.0
import { field } from '../../json/fields.ts';
import type { EgressResponse } from '../../net/egress-client.ts';
import type { RestService } from '../http/rest-service.ts';
import { MAX_OBJECT_BYTES } from '../buckets/bucket.ts';
import { jsonBody } from '../http/rest-service.ts';
import { StorageError } from '../storage-error.ts';

/** The result of looking for an upload; `Unsaid` if the server has no GraphQL API. */
export type Presence = 'Known' | 'Unknown' | 'Unsaid';

const FIND = 'query($gitoid:String!){dsses(where:{gitoidSha256:$gitoid}){edges{node{gitoidSha256}}}}';
/** Statuses of a server without a GraphQL API, because it has no SQL store or a proxy hides it. */
const NOT_SERVED: ReadonlySet<number> = new Set([401, 403, 404, 405, 501]);

/** The requests of Archivista's API that the driver makes. */
export class ArchivistaClient {
  readonly #service: RestService;

  constructor(service: RestService) {
    this.#service = service;
  }

  /** Query the index, which the server writes last, so that an upload in it is complete. @throws StorageError */
  async find(gitoid: string, doing: string, signal: AbortSignal): Promise<Presence> {
    const body = JSON.stringify({ query: FIND, variables: { gitoid } });
    const response = await this.#service.send({ method: 'POST', path: '/query', body, doing }, signal);
    if (NOT_SERVED.has(response.status)) return 'Unsaid';
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    const edges = field(field(field(jsonBody(response, doing), 'data'), 'dsses'), 'edges');
    if (!Array.isArray(edges)) {
      throw new StorageError('BackendUnavailable', `${doing}: the server cannot ask its database; it is tried again`);
    }
    return edges.length > 0 ? 'Known' : 'Unknown';
  }

  /** Download an upload; undefined if it does not exist. @throws StorageError */
  async download(gitoid: string, doing: string, signal: AbortSignal): Promise<Buffer | undefined> {
    const path = `/download/${gitoid}`;
    const request = { method: 'GET', path, doing, maxResponseBytes: MAX_OBJECT_BYTES } as const;
    const response = await this.#service.send(request, signal);
    if (response.status === 200) return response.body;
    if (isAbsent(response)) return undefined;
    throw this.#service.refusal(response, doing);
  }

  /** Upload an envelope. @returns the server's response if it refuses the upload. @throws StorageError */
  async upload(body: Buffer, gitoid: string, doing: string, signal: AbortSignal): Promise<EgressResponse | undefined> {
    const request = { method: 'POST', path: '/upload', body: body.toString('utf8'), doing } as const;
    const response = await this.#service.send(request, signal);
    if (response.status !== 200) return response;
    if (field(jsonBody(response, doing), 'gitoid') === gitoid) return undefined;
    const message = `${doing}: the server names the upload otherwise than by its content; check archivista.url`;
    throw new StorageError('BackendUnavailable', message);
  }

  refusal(response: EgressResponse, doing: string): StorageError {
    return this.#service.refusal(response, doing);
  }

  /** Check that the server is an Archivista, without an upload. @throws StorageError */
  async reach(doing: string, signal: AbortSignal): Promise<void> {
    const response = await this.#service.send({ method: 'GET', path: '/upload', doing }, signal);
    // It accepts uploads by POST only, and answers any other method with 400.
    if (response.status === 400 || response.status === 405) return;
    if (response.status !== 200) throw this.#service.refusal(response, doing);
    throw new StorageError('BackendRejected', `${doing}: the server there is not Archivista; check archivista.url`);
  }
}

/** A missing upload is an error of the server's object store: a 500 that differs from others only in its text. */
function isAbsent({ status, body }: EgressResponse): boolean {
  const text = body.subarray(0, 1024).toString('utf8');
  return status === 404 || (status === 500 && /no such file|not found|does not exist|NoSuchKey/i.test(text));
}
