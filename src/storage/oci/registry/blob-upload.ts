// SPDX-License-Identifier: Apache-2.0
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import { DEFAULT_TIMEOUT_MS, type EgressResponse } from '../../../net/egress-client.ts';
import { EgressError } from '../../../net/egress-error.ts';
import { StorageError } from '../../storage-error.ts';
import type { RegistrySession } from './registry-session.ts';
import { repositoryName } from './repository.ts';
import type { Repository } from './repository.ts';

/**
 * A registry that takes no blob in a single POST answers before it has read the body. Go's server reads up to 256 KiB of an
 * unwanted body, and closes the connection on a longer one.
 */
const MAX_SINGLE_POST_BYTES = 128 * 1024;
/** A slower upload is given up. Evidence is small: only a layer of an image takes longer than any other request. */
const MIN_BYTES_PER_MS = 128;
/** These say nothing about the form of the request. */
const UNRELATED: readonly number[] = [401, 403, 408, 429, 503];

/** A repository, and the session in which its registry is called. */
export interface RepositorySession {
  readonly session: RegistrySession;
  readonly repository: Repository;
}

/** True if the repository has a blob; false also if the registry does not tell. */
export async function hasBlob(
  { session, repository }: RepositorySession,
  digest: string,
  signal: AbortSignal,
): Promise<boolean> {
  const doing = `looking for ${repositoryName(repository)}@${digest}`;
  const target = `/v2/${repository.path}/blobs/${digest}`;
  return (await session.request({ method: 'HEAD', target, doing }, signal)).status === 200;
}

/**
 * Upload a blob in one request, or in two on a registry that does not take it in one (OCI distribution 1.1, "single POST"). A blob that
 * the repository has is uploaded again, to no effect. @throws StorageError
 */
export async function uploadBlob(place: RepositorySession, bytes: Buffer, signal: AbortSignal): Promise<void> {
  const { session } = place;
  const upload = new BlobUpload(place, bytes);
  const isSingle = session.memory.takesSinglePost !== false && bytes.length <= MAX_SINGLE_POST_BYTES;
  const started = isSingle ? await upload.post(signal) : await upload.start(signal);
  if (started !== undefined) await upload.finish(started, signal);
}

class BlobUpload {
  readonly #session: RegistrySession;
  readonly #uploads: string;
  readonly #bytes: Buffer;
  readonly #digest: string;
  readonly #doing: string;

  constructor({ session, repository }: RepositorySession, bytes: Buffer) {
    this.#session = session;
    this.#uploads = `/v2/${repository.path}/blobs/uploads/`;
    this.#bytes = bytes;
    this.#digest = payloadDigest(bytes);
    this.#doing = `uploading to ${repositoryName(repository)}`;
  }

  /** @returns the answer that starts an upload in two requests, if the registry did not take the blob */
  async post(signal: AbortSignal): Promise<EgressResponse | undefined> {
    const { memory } = this.#session;
    const target = `${this.#uploads}?digest=${encodeURIComponent(this.#digest)}`;
    const response = await this.#withBody('POST', target, signal).catch((error: unknown) => {
      // It may be one that hangs up on such a request; the next try finds out.
      if (error instanceof StorageError && error.cause instanceof EgressError) memory.takesSinglePost ??= false;
      throw error;
    });
    if (response.status === 201) {
      memory.takesSinglePost = true;
      return undefined;
    }
    if (UNRELATED.includes(response.status)) throw this.#session.refusal(response, this.#doing);
    // The specification asks for 202. Others refuse the request, but not the plain one.
    const started = response.status === 202 ? response : await this.start(signal);
    memory.takesSinglePost = false;
    return started;
  }

  async start(signal: AbortSignal): Promise<EgressResponse> {
    const response = await this.#session.request({ method: 'POST', target: this.#uploads, doing: this.#doing }, signal);
    if (response.status === 202) return response;
    throw this.#session.refusal(response, this.#doing);
  }

  async finish(started: EgressResponse, signal: AbortSignal): Promise<void> {
    const target = this.#session.continuation(started.headers['location'], started.url, this.#doing);
    target.searchParams.set('digest', this.#digest);
    const response = await this.#withBody('PUT', target, signal);
    if (response.status !== 201) throw this.#session.refusal(response, this.#doing);
  }

  #withBody(method: 'POST' | 'PUT', target: string | URL, signal: AbortSignal): Promise<EgressResponse> {
    const headers = { 'content-type': 'application/octet-stream' };
    const timeoutMs = Math.max(DEFAULT_TIMEOUT_MS, Math.ceil(this.#bytes.length / MIN_BYTES_PER_MS));
    return this.#session.request({ method, target, headers, body: this.#bytes, timeoutMs, doing: this.#doing }, signal);
  }
}
