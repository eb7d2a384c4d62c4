// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { request as requestHTTP } from 'node:http';
import { request as requestHTTPS } from 'node:https';
import { basicAuthorization, type Credentials } from './credentials.ts';

export interface RegistryAddress {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly credentials?: Credentials | undefined;
  /** PEM of the authority behind the registry's certificate; plain HTTP when absent. */
  readonly caFile?: string | undefined;
}

export interface RegistryRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface RegistryResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Without the OCI types in it, distribution hides OCI manifests. */
const accept = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  '*/*',
].join(', ');

/** Plain requests to a registry of the testbed, with Basic or token authentication as the registry asks for it. */
export class RegistryClient {
  readonly #address: RegistryAddress;

  constructor(address: RegistryAddress) {
    this.#address = address;
  }

  /** One request (and a second one when it is challenged), whatever its status. `path` may be a whole URL. */
  async send(path: string, request: RegistryRequest = {}): Promise<RegistryResponse> {
    const first = await this.#once(path, request);
    const challenge = first.headers['www-authenticate'];
    if (first.status !== 401 || typeof challenge !== 'string') return first;
    const authorization = await this.#authorization(challenge);
    if (authorization === undefined) return first;
    return this.#once(path, { ...request, headers: { ...request.headers, authorization } });
  }

  async #authorization(challenge: string): Promise<string | undefined> {
    const { credentials } = this.#address;
    if (credentials === undefined) return undefined;
    if (/^basic/i.test(challenge)) return basicAuthorization(credentials);
    const parameters = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    );
    const realm = new URL(parameters.get('realm') ?? '');
    for (const name of ['service', 'scope']) {
      const value = parameters.get(name);
      if (value !== undefined) realm.searchParams.append(name, value);
    }
    const answer = await fetch(realm, { headers: { authorization: basicAuthorization(credentials) } });
    const parsed: unknown = await answer.json();
    if (parsed === null || typeof parsed !== 'object' || !('token' in parsed)) return undefined;
    return `Bearer ${String(parsed.token)}`;
  }

  #once(path: string, { method = 'GET', headers = {}, body }: RegistryRequest): Promise<RegistryResponse> {
    const { host, caFile } = this.#address;
    const url = new URL(path, `${caFile === undefined ? 'http' : 'https'}://${host}`);
    const options = { method, headers: { accept, ...headers }, agent: false, timeout: 10_000 };
    return new Promise((resolve, reject) => {
      const sent =
        caFile === undefined ? requestHTTP(url, options) : requestHTTPS(url, { ...options, ca: readFileSync(caFile) });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${url.href} took more than 10 s`)));
      sent.on('error', reject);
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
        });
      });
      sent.end(body);
    });
  }
}
