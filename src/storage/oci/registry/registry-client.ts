// SPDX-License-Identifier: Apache-2.0
import { displayUrl } from '../../../net/display-url.ts';
import type { EgressResponse } from '../../../net/egress-client.ts';
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import { StorageError } from '../../storage-error.ts';
import { hasBlob } from './blob-upload.ts';
import { type ManifestBlob, writeManifest } from './write-manifest.ts';
import type { RegistrySession } from './registry-session.ts';
import { repositoryName } from './repository.ts';
import type { Repository } from './repository.ts';
import type { ManifestContent, StoredManifest, ManifestDescriptor } from './manifest.ts';

/** The largest manifest that registries accept. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_BLOB_BYTES = 32 * 1024 * 1024;

export const imageMediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;
/** Statuses of a registry without the referrers API: some answer with a page for people. */
const NO_REFERRERS_API: readonly number[] = [200, 400, 404, 405, 406];
const ACCEPT = Object.values(imageMediaTypes).join(', ');

/** A manifest to write, and the blobs that must be there before it. */
export interface NewManifest extends ManifestContent {
  readonly blobs: readonly ManifestBlob[];
}

/** A page of a registry's list of referrers. */
export interface ReferrersPage {
  /** An image index. */
  readonly bytes: Buffer;
  /** The address of the next page, at the registry itself. */
  readonly next?: URL;
}

/** Manifests and blobs of one repository (OCI distribution specification 1.1). */
export class RegistryClient {
  readonly repository: Repository;
  readonly #session: RegistrySession;

  constructor(session: RegistrySession, repository: Repository) {
    this.#session = session;
    this.repository = repository;
  }

  /** Describe a manifest, perhaps as it was some seconds ago; undefined if the registry does not have it. */
  async describeManifest(digest: string, signal: AbortSignal): Promise<ManifestDescriptor | undefined> {
    const { memory } = this.#session;
    const known = memory.image(digest);
    if (known !== undefined) return known;
    const found = await this.#describe(digest, signal);
    if (found !== undefined) memory.remember(found);
    return found;
  }

  async #describe(digest: string, signal: AbortSignal): Promise<ManifestDescriptor | undefined> {
    const doing = `looking for ${this.#name(digest)}`;
    const target = this.#path(`manifests/${digest}`);
    const response = await this.#session.request(
      { method: 'HEAD', target, headers: { accept: ACCEPT }, doing },
      signal,
    );
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw this.#session.refusal(response, doing);
    const size = response.headers['content-length'];
    if (size !== undefined && /^[1-9]\d*$/.test(size))
      return { mediaType: mediaType(response), size: Number(size), digest };
    // Some registries do not state the length in a response to HEAD.
    const whole = await this.getManifest(digest, signal);
    return whole && { mediaType: whole.mediaType, size: whole.bytes.length, digest };
  }

  /**
   * Read the manifest under a tag or digest; undefined if it does not exist.
   * @throws StorageError `BackendRejected` when the bytes do not have the requested digest
   */
  async getManifest(reference: string, signal: AbortSignal): Promise<StoredManifest | undefined> {
    const doing = `reading ${this.#name(reference)}`;
    const target = this.#path(`manifests/${reference}`);
    const headers = { accept: ACCEPT };
    const response = await this.#session.request(
      { method: 'GET', target, headers, doing, maxResponseBytes: MAX_MANIFEST_BYTES },
      signal,
    );
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw this.#session.refusal(response, doing);
    if (reference.includes(':') && payloadDigest(response.body) !== reference) throw digestMismatch(doing);
    const etag = response.headers['etag'];
    return { bytes: response.body, mediaType: mediaType(response), ...(etag === undefined ? {} : { etag }) };
  }

  /** Keep a tag as it was read after a write, for a read-back within seconds. */
  keepRead(tag: string, manifest: StoredManifest): void {
    this.#session.memory.keepRead(tag, manifest);
  }

  /** A tag that was kept. It is given once. */
  takeRead(tag: string): StoredManifest | undefined {
    return this.#session.memory.takeRead(tag);
  }

  /**
   * Write a manifest, and its blobs before it, under a condition that the registry may honor (RFC 9110 §13.1). @returns false if another writer changed the
   * tag. @throws StorageError `BackendRejected` for a manifest that is too large to be read again
   */
  async putManifest(
    reference: string,
    manifest: NewManifest,
    condition: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<boolean> {
    return (await this.#put(reference, manifest, condition, signal)).status !== 412;
  }

  /** Write a manifest that refers to another, and its blobs before it. @returns true if the registry confirms that it lists the referrer */
  async putReferrer(digest: string, manifest: NewManifest, signal: AbortSignal): Promise<boolean> {
    const response = await this.#put(digest, manifest, {}, signal);
    if (response.status === 412) throw this.#session.refusal(response, `writing ${this.#name(digest)}`);
    return response.headers['oci-subject'] !== undefined;
  }

  /**
   * Reads the registry's own list of the manifests that refer to another, or the page of it at `page`. Returns undefined for a registry
   * without the referrers API (OCI distribution 1.1), including one that answers with a page for people. @throws StorageError
   */
  async getReferrers(
    digest: string,
    request: { readonly artifactType: string | undefined },
    signal: AbortSignal,
  ): Promise<ReferrersPage | undefined>;
  async getReferrers(
    digest: string,
    request: { readonly artifactType: string | undefined; readonly page: URL },
    signal: AbortSignal,
  ): Promise<ReferrersPage>;
  async getReferrers(
    digest: string,
    { artifactType, page }: { readonly artifactType: string | undefined; readonly page?: URL },
    signal: AbortSignal,
  ): Promise<ReferrersPage | undefined> {
    // A registry that gets the API goes on to serve its fallback tags.
    if (page === undefined && this.#session.memory.listsReferrers === false) return undefined;
    const doing = `asking for the referrers of ${this.#name(digest)}`;
    const filter = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
    const target = page ?? `${this.#path(`referrers/${digest}`)}${filter}`;
    const headers = { accept: imageMediaTypes.ociIndex };
    const response = await this.#session.request(
      { method: 'GET', target, headers, doing, maxResponseBytes: MAX_MANIFEST_BYTES },
      signal,
    );
    const isIndex = response.status === 200 && mediaType(response) === imageMediaTypes.ociIndex;
    if (!isIndex && page === undefined && NO_REFERRERS_API.includes(response.status)) return undefined;
    if (!isIndex) throw this.#session.refusal(response, doing);
    const link = nextLink(response.headers['link']);
    if (link === undefined) return { bytes: response.body };
    const next = this.#session.continuation(link, response.url, doing);
    if (next.href !== response.url.href) return { bytes: response.body, next };
    throw new StorageError('BackendRejected', `${doing}: ${displayUrl(response.url)} names itself as the next page`);
  }

  /** True if the registry has the referrers API, which is remembered for some minutes. @param digest that of an existing manifest */
  async hasReferrersApi(digest: string, artifactType: string, signal: AbortSignal): Promise<boolean> {
    const { memory } = this.#session;
    memory.listsReferrers ??= (await this.getReferrers(digest, { artifactType }, signal)) !== undefined;
    return memory.listsReferrers;
  }

  async #put(
    reference: string,
    manifest: NewManifest,
    condition: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<EgressResponse> {
    const doing = `writing ${this.#name(reference)}`;
    const size = manifest.bytes.length;
    if (size > MAX_MANIFEST_BYTES) {
      const message = `${doing}: it would have ${size} bytes, and no more than ${MAX_MANIFEST_BYTES} can be read of a manifest; remove old evidence there or store in another repository`;
      throw new StorageError('BackendRejected', message);
    }
    const headers = { ...condition, 'content-type': manifest.mediaType };
    const target = this.#path(`manifests/${reference}`);
    const place = { session: this.#session, repository: this.repository };
    const request = { method: 'PUT', target, headers, body: manifest.bytes, doing } as const;
    const response = await writeManifest(place, request, manifest.blobs, signal);
    if (![200, 201, 202, 412].includes(response.status)) throw this.#session.refusal(response, doing);
    return response;
  }

  /** @throws StorageError `BackendRejected` when it is missing or its bytes do not have the digest. */
  async getBlob(digest: string, signal: AbortSignal): Promise<Buffer> {
    const doing = `reading ${this.#name(digest)}`;
    const target = this.#path(`blobs/${digest}`);
    const response = await this.#session.request(
      { method: 'GET', target, doing, maxResponseBytes: MAX_BLOB_BYTES },
      signal,
    );
    if (response.status !== 200) throw this.#session.refusal(response, doing);
    if (payloadDigest(response.body) === digest) return response.body;
    throw digestMismatch(doing);
  }

  /** True if the repository has a blob; false also if the registry does not tell. */
  hasBlob(digest: string, signal: AbortSignal): Promise<boolean> {
    return hasBlob({ session: this.#session, repository: this.repository }, digest, signal);
  }

  #path(rest: string): string {
    return `/v2/${this.repository.path}/${rest}`;
  }

  #name(reference: string): string {
    return `${repositoryName(this.repository)}${reference.includes(':') ? '@' : ':'}${reference}`;
  }
}

function mediaType(response: EgressResponse): string {
  return (response.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}

function digestMismatch(doing: string): StorageError {
  return new StorageError('BackendRejected', `${doing}: the registry sends other bytes than the digest says`);
}

/** The URL of the next page (RFC 8288). */
function nextLink(header: string | undefined): string | undefined {
  return /<([^<>]*)>\s*;[^,<]*\brel="?next"?/i.exec(header ?? '')?.[1];
}
