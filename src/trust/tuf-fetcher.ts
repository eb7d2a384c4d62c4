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
  /** Where downloads lie until they are verified. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Mirrors are tenants' choice, and state the length of a target themselves. Real files have some ten thousand bytes. */
const MAX_FILE_BYTES = 262_144;

/** Downloads of a TUF client through the egress client. It notes what failed, since the client wraps errors into texts. */
export class TufFetcher implements Fetcher {
  readonly #options: TufFetcherOptions;
  #failure: TrustError | undefined;

  constructor(options: TufFetcherOptions) {
    this.#options = options;
  }

  /** The download that failed last, unless it was one that may. */
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
      // The end of a chain of roots shows as the absence of the next one.
      if (/\/\d+\.root\.json$/.test(url) && (status === 404 || status === 403)) {
        throw new DownloadHTTPError('no such root', status);
      }
      this.#failure = new TrustError('Unavailable', `${fileOf(url)} of the TUF mirror is answered with ${status}`);
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

/** For a client that works with what lies in its folder alone. */
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
