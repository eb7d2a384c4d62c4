// SPDX-License-Identifier: Apache-2.0
import { crc32c } from '../../../src/signing/kms/google/crc32c.ts';
import { TlsDouble } from '../token-exchange/tls-double.ts';
import type { DoubleAnswer, DoubleRequest } from '../token-exchange/tls-double.ts';
import { parsed } from '../token-exchange/trusted-token.ts';
import { denied, GoogleIam } from './google-iam.ts';
import { GoogleKeyVersion } from './google-keys.ts';
import type { GoogleAlgorithmName } from './google-keys.ts';

const RING = 'projects/team-project/locations/europe-west1/keyRings/team';
const PAGE = 2;

/**
 * A double of Google Cloud KMS, for tests: there is no emulator. It speaks the REST form of the API, which Google's client library
 * talks to it, signs with real keys, checks tokens and checksums, and pages lists. It does not make keys by the API, and has
 * neither labels, protection levels, import, encryption nor quotas; access is granted to a principal for everything.
 */
export class GoogleKms {
  readonly iam = new GoogleIam();
  readonly server: TlsDouble;
  /** The principals that may use every key. */
  readonly permitted = new Set<string>();
  readonly #versions = new Map<string, GoogleKeyVersion>();

  private constructor(server: TlsDouble) {
    this.server = server;
  }

  static async start(): Promise<GoogleKms> {
    const server = await TlsDouble.start();
    const kms = new GoogleKms(server);
    server.serve((request) => kms.#answer(request));
    return kms;
  }

  /** The next version of a key: `projects/…/cryptoKeyVersions/N`. A bare name is of the double's own ring. */
  addVersion(name: string, algorithm: GoogleAlgorithmName): GoogleKeyVersion {
    const key = name.startsWith('projects/') ? name : `${RING}/cryptoKeys/${name}`;
    const number = [...this.#versions.keys()].filter((known) => known.startsWith(`${key}/`)).length + 1;
    const version = new GoogleKeyVersion(`${key}/cryptoKeyVersions/${number}`, algorithm);
    this.#versions.set(version.name, version);
    return version;
  }

  async #answer(request: DoubleRequest): Promise<DoubleAnswer> {
    const token = await this.iam.answer(request);
    if (token !== undefined) return token;
    const bearer = (request.headers['authorization'] ?? '').replace(/^Bearer /, '');
    const principal = this.iam.tokens.get(bearer);
    // Reveals more than it should, as servers may: it must not be shown.
    if (principal === undefined) return denied(401, 'UNAUTHENTICATED', `no such token: ${bearer}`);
    if (!this.permitted.has(principal)) return denied(403, 'PERMISSION_DENIED', `${principal} with ${bearer}`);
    return this.#serve(request);
  }

  #serve({ method, path, query, body }: DoubleRequest): DoubleAnswer {
    const [, name = '', verb] = /^\/v1\/(.*?)(\/publicKey|\/cryptoKeyVersions|:asymmetricSign)$/.exec(path) ?? [];
    if (verb === '/cryptoKeyVersions' && method === 'GET') return this.#list(name, query);
    const version = this.#versions.get(name);
    if (version === undefined) return denied(404, 'NOT_FOUND', `${name} not found`);
    if (version.state !== 'ENABLED') return denied(400, 'FAILED_PRECONDITION', `${name} is not enabled`);
    if (verb === '/publicKey' && method === 'GET') return { status: 200, body: version.publicKey() };
    if (verb === ':asymmetricSign' && method === 'POST') return sign(version, parsed(body));
    return denied(404, 'NOT_FOUND');
  }

  #list(key: string, query: URLSearchParams): DoubleAnswer {
    const all = [...this.#versions.values()].filter(({ name }) => name.startsWith(`${key}/`));
    if (all.length === 0) return denied(404, 'NOT_FOUND', `${key} not found`);
    const wanted = all.filter(({ state }) => query.get('filter') !== 'state=ENABLED' || state === 'ENABLED');
    const start = Number(query.get('pageToken') ?? '0');
    const isMore = wanted.length > start + PAGE;
    const cryptoKeyVersions = wanted.slice(start, start + PAGE).map((version) => version.resource());
    const next = isMore ? { nextPageToken: String(start + PAGE) } : {};
    return { status: 200, body: { cryptoKeyVersions, totalSize: wanted.length, ...next } };
  }
}

function sign(version: GoogleKeyVersion, request: Readonly<Record<string, unknown>>): DoubleAnswer {
  const { digest, digestCrc32c, data, dataCrc32c } = request;
  const stated = version.hash === undefined ? data : fieldOf(digest, version.hash);
  if (typeof stated !== 'string') return denied(400, 'INVALID_ARGUMENT', 'the digest is not of the algorithm');
  const input = Buffer.from(stated, 'base64');
  const sum = version.hash === undefined ? dataCrc32c : digestCrc32c;
  if (String(sum) !== String(crc32c(input))) return denied(400, 'INVALID_ARGUMENT', 'checksum');
  const signature = version.sign(input);
  const verified = version.hash === undefined ? { verifiedDataCrc32c: true } : { verifiedDigestCrc32c: true };
  const answer = { name: version.name, signature: signature.toString('base64'), ...verified };
  return { status: 200, body: { ...answer, signatureCrc32c: String(crc32c(signature)) } };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
