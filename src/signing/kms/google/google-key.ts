// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SigningContext } from '../../signing-context.ts';
import { SigningError } from '../../signing-error.ts';
import type { KmsDefinition } from '../kms-definition.ts';
import type { KmsKey, KmsProvider, KmsPublicKey, KmsSignRequest } from '../kms-key.ts';
import { crc32c } from './crc32c.ts';
import { googleAlgorithm } from './google-algorithm.ts';
import { GoogleService } from './google-service.ts';
import type { CryptoKeyVersion } from './google-service.ts';
import { googleKeyName } from './google-uri.ts';
import type { GoogleKeyName } from './google-uri.ts';

const PAGE_SIZE = 200;
const MAX_PAGES = 10;

/** A key of Google Cloud KMS: `gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K[/cryptoKeyVersions/V]`. */
export const googleKey: KmsProvider = (definition, context) => new GoogleKey(definition, context);

class GoogleKey implements KmsKey {
  readonly #uri: string;
  readonly #name: GoogleKeyName;
  readonly #service: GoogleService;

  constructor(definition: KmsDefinition, context: SigningContext) {
    this.#uri = definition.uri;
    this.#name = googleKeyName(definition.uri);
    this.#service = new GoogleService(definition, context);
  }

  async publicKey(signal: AbortSignal): Promise<KmsPublicKey> {
    const version = this.#name.version ?? (await this.#latestVersion(signal));
    const [answer] = await this.#service.call(signal, (client, limits) =>
      client.getPublicKey({ name: version }, limits),
    );
    const pem = Buffer.from(answer.pem ?? '');
    if (!isNameOf(version, answer.name) || !isSumOf(answer.pemCrc32c, pem)) throw this.#changed('public key');
    const key = publicKeyOf(pem);
    const algorithm = googleAlgorithm(String(answer.algorithm));
    if (key === undefined || algorithm === undefined) {
      const message = `key ${this.#uri}: its algorithm is not for signing, or none that verifiers of evidence take: use an EC_SIGN_P256_SHA256, EC_SIGN_P384_SHA384, EC_SIGN_ED25519, RSA_SIGN_PKCS1 or RSA_SIGN_PSS key`;
      throw new SigningError('KeyInvalid', message);
    }
    return { key, ...algorithm, version };
  }

  async sign({ message, publicKey }: KmsSignRequest, signal: AbortSignal): Promise<Buffer> {
    const { version: name, digest } = publicKey;
    if (name === undefined) throw new TypeError('the public key is not of this provider');
    const data = digest === null ? message : createHash(digest).update(message).digest();
    const sum = { value: String(crc32c(data)) };
    const request =
      digest === null ? { name, data, dataCrc32c: sum } : { name, digest: { [digest]: data }, digestCrc32c: sum };
    const [answer] = await this.#service.call(signal, (client, limits) => client.asymmetricSign(request, limits));
    const signature = bytesOf(answer.signature);
    const isWhole = digest === null ? answer.verifiedDataCrc32c : answer.verifiedDigestCrc32c;
    if (!isNameOf(name, answer.name) || isWhole !== true || !isSumOf(answer.signatureCrc32c, signature))
      throw this.#changed('signature');
    return signature;
  }

  close(): Promise<void> {
    return this.#service.close();
  }

  /** The enabled version with the highest number. */
  async #latestVersion(signal: AbortSignal): Promise<string> {
    const found: CryptoKeyVersion[] = [];
    let pageToken = '';
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const request = { parent: this.#name.key, filter: 'state=ENABLED', pageSize: PAGE_SIZE, pageToken };
      const [versions, , answer] = await this.#service.call(signal, (client, limits) =>
        client.listCryptoKeyVersions(request, { ...limits, autoPaginate: false }),
      );
      found.push(...versions);
      pageToken = answer.nextPageToken ?? '';
      if (pageToken === '') break;
    }
    const numbers = found
      .filter(({ state }) => state === 'ENABLED')
      .map(({ name }) => ({ name, number: Number(name?.slice(name.lastIndexOf('/') + 1)) }))
      .filter(({ number }) => Number.isSafeInteger(number) && number > 0)
      .filter(({ name, number }) => isNameOf(`${this.#name.key}/cryptoKeyVersions/${number}`, name))
      .map(({ number }) => number);
    if (numbers.length > 0) return `${this.#name.key}/cryptoKeyVersions/${Math.max(...numbers)}`;
    throw new SigningError(
      'KeyInvalid',
      `key ${this.#uri}: it has no enabled version in Cloud KMS: create or enable one`,
    );
  }

  #changed(what: string): SigningError {
    const message = `key ${this.#uri}: the ${what} that Cloud KMS gave does not fit its checksum or the request; it is asked again`;
    return new SigningError('SignerUnavailable', message);
  }
}

/** True if a response is about the requested key. A project has an id and a number, and a response may use the other one. */
function isNameOf(asked: string, answered: string | null | undefined): boolean {
  const inProject = (name: string): string => name.replace(/^projects\/[^/]+/, '');
  return typeof answered === 'string' && inProject(answered) === inProject(asked);
}

/** Cloud KMS writes the sum as a wrapped 64-bit number. */
function isSumOf(stated: { readonly value?: unknown } | null | undefined, data: Uint8Array): boolean {
  return typeof stated?.value === 'string' && stated.value === String(crc32c(data));
}

function bytesOf(value: Uint8Array | string | null | undefined): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.from(value ?? new Uint8Array());
}

function publicKeyOf(pem: Buffer): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
