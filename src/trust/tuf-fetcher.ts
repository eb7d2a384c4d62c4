// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fetcher } from 'tuf-js';
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import type { EgressClient } from '../net/egress-client.ts';
import { EgressError } from '../net/egress-error.ts';
import type { TlsOptions } from '../net/tls-options.ts';
import { TrustError } from './trust-error.ts';

export interface TufFetcherOptions {
  readonly egress: EgressClient;
  readonly tls: TlsOptions;
  /** The folder of downloads that are not verified yet. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Tenants choose the mirrors, which state the length of a target themselves. Real files have about 10 kB. */
const MAX_FILE_BYTES = 262_144;

/** Downloads for a TUF client through the egress client. It keeps the last failure, because the TUF client turns errors into texts. */
export class TufFetcher implements Fetcher {
  readonly #options: TufFetcherOptions;
  #failure: TrustError | undefined;

  constructor(options: TufFetcherOptions) {
    this.#options = options;
  }

  /** The last failed download, except for those that may fail. */
  get failure(): TrustError | undefined {
    return this.#failure;
  }

  async downloadBytes(url: string, maxLength: number): Promise<Buffer> {
    const { egress, tls, signal } = this.#options;
    try {
      const maxResponseBytes = Math.min(maxLength, MAX_FILE_BYTES);
      const request = { method: 'GET', url: new URL(url), tls, maxResponseBytes } as const;
      const { status, body } = await egress.request(request, signal);
      if (status === 200) return body;
      // A missing next root is the end of the chain of roots.
      if (/\/\d+\.root\.json$/.test(url) && (status === 404 || status === 403)) {
        throw new DownloadHTTPError('no such root', status);
      }
      this.#failure = new TrustError('Unavailable', `${fileOf(url)} of the TUF mirror returns status ${status}`);
      throw this.#failure;
    } catch (error) {
      if (error instanceof EgressError) this.#failure = outboundFailure(error);
      throw error;
    }
  }

  async downloadFile<T>(url: string, maxLength: number, handler: (file: string) => Promise<T>): Promise<T> {
    const bytes = await this.downloadBytes(url, maxLength);
    const file = join(this.#options.directory, `${randomUUID()}.download`);
    await writeFile(file, bytes, { mode: 0o600 });
    try {
      return await handler(file);
    } finally {
      await rm(file, { force: true });
    }
  }
}

/** A fetcher for a client that uses only its folder. */
export const offlineFetcher: Fetcher = {
  downloadBytes: () => Promise.reject(new Error('offline')),
  downloadFile: () => Promise.reject(new Error('offline')),
};

function outboundFailure(error: EgressError): TrustError {
  const reason = error.failure === 'Forbidden' ? 'EndpointForbidden' : 'Unavailable';
  return new TrustError(reason, error.message, { cause: error });
}

function fileOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
