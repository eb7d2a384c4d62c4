// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { json } from '@sigstore/core';
import { selfSignedCertificate } from '../net/self-signed-certificate.fixture.ts';

type Role = 'root' | 'timestamp' | 'snapshot' | 'targets';
const DAY_MS = 86_400_000;

interface SigningOptions {
  readonly signers?: readonly Keys[];
  readonly version?: number;
}

interface Keys {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: object;
}

/** A TUF repository with real keys and signatures (specification 1.0), served over HTTP or HTTPS, that tests rotate, roll back and break. */
export class TufMirror {
  /** The server's certificate for HTTPS, PEM. */
  readonly ca: string;
  readonly requests: string[] = [];
  readonly #files = new Map<string, string>();
  readonly #server: Server;
  #keys = newKeys();
  #rootVersion = 0;
  #version = 0;
  #port = 0;
  readonly #scheme: 'http' | 'https';
  status = 200;

  private constructor(scheme: 'http' | 'https') {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      this.#answer(request.url ?? '', response);
    };
    const { certificate, key } = selfSignedCertificate();
    this.ca = certificate;
    this.#scheme = scheme;
    this.#server = scheme === 'http' ? createHttpServer(handle) : createHttpsServer({ cert: certificate, key }, handle);
  }

  static async start(scheme: 'http' | 'https' = 'http'): Promise<TufMirror> {
    const mirror = new TufMirror(scheme);
    await mirror.up();
    return mirror;
  }

  get url(): string {
    return `${this.#scheme}://${this.host}/repository`;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts the server, on the same port as before. */
  async up(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    // Let the test file end, and stop its servers, while this one listens.
    this.#server.unref();
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  async down(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Signs a new root with new keys. The previous keys countersign it, unless `honestly` is false. */
  rotate({ honestly = true }: { readonly honestly?: boolean } = {}): string {
    const before = this.#keys;
    this.#keys = newKeys();
    return this.#writeRoot(honestly && this.#rootVersion > 0 ? [before, this.#keys] : [this.#keys]);
  }

  /** Signs targets with this trusted root, and the metadata above. `version` defaults to one more than the last. */
  publish(trustedRoot: string, { version = this.#version + 1, days = 7 } = {}): void {
    if (this.#rootVersion === 0) this.rotate();
    this.#version = version;
    const sha256 = createHash('sha256').update(trustedRoot).digest('hex');
    this.#files.set(`targets/${sha256}.trusted_root.json`, trustedRoot);
    const target = { length: Buffer.byteLength(trustedRoot), hashes: { sha256 } };
    this.#files.set(
      `${version}.targets.json`,
      this.#signed('targets', { targets: { 'trusted_root.json': target } }, days),
    );
    this.#files.set(
      `${version}.snapshot.json`,
      this.#signed('snapshot', { meta: { 'targets.json': { version } } }, days),
    );
    this.#files.set('timestamp.json', this.#signed('timestamp', { meta: { 'snapshot.json': { version } } }, days));
  }

  /** Replaces a file. */
  replace(path: string, content: string): void {
    this.#files.set(path, content);
  }

  file(path: string): string {
    return this.#files.get(path) ?? '';
  }

  #writeRoot(signers: readonly Keys[]): string {
    this.#rootVersion += 1;
    const role = { keyids: [this.#keys.id], threshold: 1 };
    const body = {
      consistent_snapshot: true,
      keys: { [this.#keys.id]: this.#keys.publicKey },
      roles: { root: role, timestamp: role, snapshot: role, targets: role },
    };
    const text = this.#signed('root', body, 365, { signers, version: this.#rootVersion });
    this.#files.set(`${this.#rootVersion}.root.json`, text);
    return text;
  }

  #signed(role: Role, body: object, days: number, options: SigningOptions = {}): string {
    const { signers = [this.#keys], version = this.#version } = options;
    const expires = `${new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 19)}Z`;
    const signed = { _type: role, spec_version: '1.0.31', version, expires, ...body };
    // TUF's canonical form leaves line ends as they are.
    const bytes = Buffer.from(json.canonicalize(signed).replaceAll(String.raw`\n`, '\n'));
    const signatures = signers.map(({ id, privateKey }) => ({
      keyid: id,
      sig: sign('sha256', bytes, privateKey).toString('hex'),
    }));
    return JSON.stringify({ signed, signatures });
  }

  #answer(url: string, response: ServerResponse): void {
    const path = url.replace('/repository/', '');
    this.requests.push(path);
    const content = this.#files.get(path);
    if (this.status !== 200) response.writeHead(this.status).end();
    else if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200).end(content);
  }
}

function newKeys(): Keys {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const key = { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', keyval: { public: pem } };
  return { id: createHash('sha256').update(json.canonicalize(key)).digest('hex'), privateKey, publicKey: key };
}
