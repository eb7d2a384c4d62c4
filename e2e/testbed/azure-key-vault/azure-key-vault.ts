// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ecdsaRaw, rsaPkcs1 } from '../google-kms/sign-digest.ts';
import { TlsDouble } from '../token-exchange/tls-double.ts';
import type { DoubleAnswer, DoubleRequest } from '../token-exchange/tls-double.ts';
import { parsed } from '../token-exchange/trusted-token.ts';
import { AzureDirectory } from './azure-directory.ts';

export type AzureKeyKind = 'P-256' | 'P-256K' | 'P-384' | 'P-521' | 2048 | 3072 | 4096;

/** One version of a key, with a real private key. */
export interface AzureKeyVersion {
  readonly name: string;
  readonly version: string;
  readonly kind: AzureKeyKind;
  readonly privateKey: KeyObject;
  /** `exp` and `nbf` in seconds. */
  attributes: { enabled: boolean; exp?: number; nbf?: number };
  operations: readonly string[];
}

const algorithms: Readonly<Record<AzureKeyKind, readonly string[]>> = {
  'P-256': ['ES256'],
  'P-256K': ['ES256K'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  2048: ['RS256', 'RS384', 'RS512'],
  3072: ['RS256', 'RS384', 'RS512'],
  4096: ['RS256', 'RS384', 'RS512'],
};

/**
 * A double of Azure Key Vault's keys, for tests: there is no emulator. It challenges requests without a token, takes tokens of its
 * directory for itself alone, and signs digests with real keys. It makes no keys by the API and has neither secrets, certificates,
 * backups, policies of release nor a firewall; a permitted principal may do everything.
 */
export class AzureKeyVault {
  readonly directory: AzureDirectory;
  readonly server: TlsDouble;
  /** Client IDs that may use the keys. */
  readonly permitted = new Set<string>();
  /** A false challenge to answer with. */
  challenge: { readonly resource?: string; readonly authorization?: string } = {};
  readonly #versions: AzureKeyVersion[] = [];

  private constructor(directory: AzureDirectory, server: TlsDouble) {
    this.directory = directory;
    this.server = server;
  }

  static async start(): Promise<AzureKeyVault> {
    const server = await TlsDouble.start();
    const vault = new AzureKeyVault(await AzureDirectory.start(), server);
    server.serve((request) => vault.#answer(request));
    return vault;
  }

  /** The next version of a key. */
  addVersion(name: string, kind: AzureKeyKind): AzureKeyVersion {
    const version: AzureKeyVersion = {
      name,
      version: randomBytes(16).toString('hex'),
      kind,
      privateKey: newKey(kind),
      attributes: { enabled: true },
      operations: ['sign', 'verify'],
    };
    this.#versions.push(version);
    return version;
  }

  async stop(): Promise<void> {
    await this.server.down();
    await this.directory.server.down();
  }

  #answer(request: DoubleRequest): DoubleAnswer {
    const bearer = (request.headers['authorization'] ?? '').replace(/^Bearer /, '');
    const token = this.directory.tokens.get(bearer);
    if (token?.resource !== 'https://127.0.0.1') return this.#challenged(bearer);
    // Reveals more than it should, as servers may: it must not be shown.
    if (!this.permitted.has(token.clientID)) return failure(403, 'Forbidden', `not with ${bearer}`);
    const [, name, version, verb] = /^\/keys\/([^/]+)(?:\/([^/]*))?(?:\/(sign))?$/.exec(request.path) ?? [];
    const named = this.#versions.filter((key) => key.name === name);
    const key = version === undefined || version === '' ? named.at(-1) : named.find((one) => one.version === version);
    if (key === undefined) return failure(404, 'KeyNotFound', `${request.path} was not found`);
    if (request.method === 'GET' && verb === undefined) return { status: 200, body: bundle(key, request) };
    if (request.method === 'POST' && verb === 'sign') return signed(key, request);
    return failure(405, 'MethodNotAllowed', request.path);
  }

  #challenged(bearer: string): DoubleAnswer {
    const { authorization = this.directory.authority, resource = 'https://127.0.0.1' } = this.challenge;
    const header = `Bearer authorization="${authorization}", resource="${resource}"`;
    return { ...failure(401, 'Unauthorized', `no good: ${bearer}`), headers: { 'www-authenticate': header } };
  }
}

function newKey(kind: AzureKeyKind): KeyObject {
  if (typeof kind === 'number') return generateKeyPairSync('rsa', { modulusLength: kind }).privateKey;
  const namedCurve = kind === 'P-256K' ? 'secp256k1' : kind;
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

function kidOf({ name, version }: AzureKeyVersion, { headers }: DoubleRequest): string {
  return `https://${headers['host'] ?? ''}/keys/${name}/${version}`;
}

function bundle(key: AzureKeyVersion, request: DoubleRequest): object {
  const { kty, ...numbers } = createPublicKey(key.privateKey.export({ format: 'pem', type: 'pkcs8' })).export({
    format: 'jwk',
  });
  const crv = typeof key.kind === 'string' ? { crv: key.kind } : {};
  const jwk = { kid: kidOf(key, request), kty, ...numbers, ...crv, key_ops: key.operations };
  return { key: jwk, attributes: { ...key.attributes, recoveryLevel: 'Recoverable' } };
}

function signed(key: AzureKeyVersion, request: DoubleRequest): DoubleAnswer {
  const { alg, value } = parsed(request.body);
  const { enabled, exp = Infinity } = key.attributes;
  if (!enabled || exp * 1000 < Date.now()) return failure(403, 'Forbidden', 'the key is disabled or expired');
  const digest = Buffer.from(String(value), 'base64url');
  const hash = `sha${String(alg).slice(2, 5)}`;
  if (!algorithms[key.kind].includes(String(alg)) || digest.length !== Number(hash.slice(3)) / 8)
    return failure(400, 'BadParameter', 'not the algorithm of the key');
  const signature =
    typeof key.kind === 'number' ? rsaPkcs1(key.privateKey, hash, digest) : ecdsaRaw(key.privateKey, digest);
  return { status: 200, body: { kid: kidOf(key, request), value: signature.toString('base64url') } };
}

function failure(status: number, code: string, message: string): DoubleAnswer {
  return { status, body: { error: { code, message } } };
}
