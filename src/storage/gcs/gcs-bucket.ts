// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { EgressRequest, EgressResponse, EgressClient } from '../../net/egress-client.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { MAX_OBJECT_BYTES, OWNER_METADATA, TRIAL_NAME } from '../buckets/bucket.ts';
import type { Bucket, FoundObject, NewObject, WriteCondition } from '../buckets/bucket.ts';
import { callFailure } from '../http/call-failure.ts';
import type { GoogleAuthorization } from '../http/google-authorization.ts';
import { StorageError } from '../storage-error.ts';
import { gcsRefusal } from './gcs-refusal.ts';
import { field } from '../../json/fields.ts';
import { tryParseJson } from '../../json/try-parse-json.ts';

/** An object's resource in the JSON API. */
interface ObjectResource {
  readonly name: string;
  /** Decimal, 64 bits. */
  readonly generation: string;
  readonly sizeBytes: number;
  readonly owner: string | undefined;
}

/** The connection to the service. It is read for each call, so that a correction takes effect at once. */
export interface GcsConnection {
  readonly bucket: string;
  readonly endpoint: string;
  readonly egress: EgressClient;
  tls(signal: AbortSignal): Promise<TlsOptions>;
  readonly authorization: Pick<GoogleAuthorization, 'headers' | 'refused'>;
}

/**
 * A bucket of Google Cloud Storage, by its JSON API. It uses the egress client directly: Google's storage client can neither be
 * aborted nor limited in how much it reads. Google's own library makes the credentials.
 */
export class GcsBucket implements Bucket {
  readonly uri: string;
  readonly #connection: GcsConnection;
  readonly #endpoint: string;

  constructor(connection: GcsConnection) {
    this.#connection = connection;
    this.#endpoint = connection.endpoint.replace(/\/+$/, '');
    this.uri = `gs://${connection.bucket}`;
  }

  async write(object: NewObject, condition: WriteCondition, signal: AbortSignal): Promise<boolean> {
    const generation = 'absent' in condition ? '0' : condition.version;
    const doing = `writing ${this.uri}/${object.name}`;
    const response = await this.#send(this.#upload(object, generation), doing, signal);
    if (response.status === 412) return false;
    if (response.status !== 200) throw gcsRefusal(response, doing);
    // A proxy can answer 200 for anything; only the service names the object that it wrote.
    const written = objectResource(response);
    if (written?.name !== object.name) throw unexpectedResponse(doing);
    return true;
  }

  async read(name: string, signal: AbortSignal): Promise<FoundObject | undefined> {
    const doing = `reading ${this.uri}/${name}`;
    const path = `${this.#path('storage')}/${encodeURIComponent(name)}`;
    const described = await this.#send({ method: 'GET', url: this.#url(path) }, doing, signal);
    if (described.status === 404 && isAboutObject(described)) return undefined;
    if (described.status !== 200) throw gcsRefusal(described, doing);
    const resource = objectResource(described);
    if (resource?.name !== name) throw unexpectedResponse(doing);
    const query = { alt: 'media', generation: resource.generation };
    const url = this.#url(path, query);
    const media = await this.#send({ method: 'GET', url, maxResponseBytes: MAX_OBJECT_BYTES }, doing, signal);
    // The object was replaced or removed between the two requests.
    if (media.status === 404) return this.#missing(name, doing);
    if (media.status !== 200) throw gcsRefusal(media, doing);
    if (media.body.length !== resource.sizeBytes) throw unexpectedResponse(doing);
    return { body: media.body, owner: resource.owner, version: resource.generation };
  }

  async tryOut(signal: AbortSignal): Promise<void> {
    const doing = `probing ${this.uri}`;
    const trial = { name: TRIAL_NAME, body: Buffer.alloc(0), contentType: 'text/plain', owner: 'none' };
    // No object has generation 1, so a caller that may write gets 412 and nothing is written.
    const response = await this.#send(this.#upload(trial, '1'), doing, signal);
    if (response.status === 412) return;
    if (response.status !== 200) throw gcsRefusal(response, doing);
    throw new StorageError(
      'BackendRejected',
      `${doing}: ${this.#endpoint} ignores preconditions or is not Cloud Storage; check gcs.apiEndpoint`,
    );
  }

  /** The connections belong to the process's egress client. */
  close(): Promise<void> {
    this.#connection.authorization.refused();
    return Promise.resolve();
  }

  #upload(object: NewObject, generation: string): EgressRequest {
    const metadata = {
      name: object.name,
      contentType: object.contentType,
      metadata: { [OWNER_METADATA]: object.owner },
    };
    const boundary = `hallmark-${randomUUID()}`;
    const body = Buffer.concat([
      Buffer.from(
        `--${boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(metadata)}\r\n`,
      ),
      Buffer.from(`--${boundary}\r\ncontent-type: ${object.contentType}\r\n\r\n`),
      object.body,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const url = this.#url(this.#path('upload/storage'), { uploadType: 'multipart', ifGenerationMatch: generation });
    return { method: 'POST', url, headers: { 'content-type': `multipart/related; boundary=${boundary}` }, body };
  }

  #path(service: 'storage' | 'upload/storage'): string {
    return `/${service}/v1/b/${encodeURIComponent(this.#connection.bucket)}/o`;
  }

  #url(path: string, query: Readonly<Record<string, string>> = {}): URL {
    const url = new URL(`${this.#endpoint}${path}`);
    url.search = new URLSearchParams(query).toString();
    return url;
  }

  async #send(request: EgressRequest, doing: string, signal: AbortSignal): Promise<EgressResponse> {
    const { egress, authorization } = this.#connection;
    try {
      const tls = await this.#connection.tls(signal);
      const headers = { ...request.headers, ...(await authorization.headers(tls)) };
      const response = await egress.request({ ...request, headers, tls }, signal);
      if (response.status === 401) authorization.refused();
      return response;
    } catch (error) {
      signal.throwIfAborted();
      throw callFailure(error, doing);
    }
  }

  #missing(name: string, doing: string): never {
    throw new StorageError('BackendUnavailable', `${doing}: ${name} changed while it was read; it is tried again`);
  }
}

/** A missing object and a missing bucket are both 404; only the service's message tells which it is. */
function isAboutObject(response: EgressResponse): boolean {
  return !/bucket does not exist/i.test(response.body.subarray(0, 4096).toString('utf8'));
}

function unexpectedResponse(doing: string): StorageError {
  return new StorageError('BackendUnavailable', `${doing}: the answer is not that of Cloud Storage; it is tried again`);
}

/** Read the resource in a response; undefined for any other response. */
function objectResource(response: EgressResponse): ObjectResource | undefined {
  const body = tryParseJson(response.body);
  const name = field(body, 'name');
  const generation = String(field(body, 'generation'));
  const size = String(field(body, 'size'));
  const owner = field(field(body, 'metadata'), OWNER_METADATA);
  if (typeof name !== 'string' || !/^\d{1,20}$/.test(generation) || !/^\d{1,15}$/.test(size)) return undefined;
  return { name, generation, sizeBytes: Number(size), owner: typeof owner === 'string' ? owner : undefined };
}
