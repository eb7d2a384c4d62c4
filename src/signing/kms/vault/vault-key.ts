// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { objectField, stringField } from '../../../json/fields.ts';
import type { SigningContext } from '../../signing-context.ts';
import { SigningError } from '../../signing-error.ts';
import type { KmsDefinition } from '../kms-definition.ts';
import type { KmsKey, KmsProvider, KmsPublicKey, KmsSignRequest } from '../kms-key.ts';
import { type VaultCall, VaultClient, VaultRefusal } from './vault-client.ts';
import { vaultFailure } from './vault-failure.ts';
import { vaultPublicKey } from './vault-public-key.ts';
import { VaultSession } from './vault-session.ts';
import { vaultAddress, vaultKeyName, vaultMount } from './vault-uri.ts';

/** `hashivault://` and `openbao://`: a key of the transit engine. */
export const vaultKey: KmsProvider = (definition, context) => new VaultKey(definition, context);

class VaultKey implements KmsKey {
  readonly #definition: KmsDefinition;
  readonly #client: VaultClient;
  readonly #session: VaultSession;
  /** The path of the key: `transit` and its name. */
  readonly #mount: string;
  readonly #name: string;

  constructor(definition: KmsDefinition, context: SigningContext) {
    const { uri, tls, spec } = definition;
    const address = vaultAddress(definition, process.env);
    this.#definition = definition;
    this.#client = new VaultClient({ address, namespace: spec.vault?.namespace, tls }, context.egress);
    this.#session = new VaultSession(definition, context, { client: this.#client, address });
    this.#mount = vaultMount(spec.vault?.transitPath ?? 'transit');
    this.#name = vaultKeyName(uri);
  }

  async publicKey(signal: AbortSignal): Promise<KmsPublicKey> {
    const response = await this.#call({ path: `${this.#mount}/keys/${this.#name}` }, signal);
    return vaultPublicKey(response, this.#definition.spec.vault?.keyVersion, this.#definition.uri);
  }

  async sign({ message, publicKey }: KmsSignRequest, signal: AbortSignal): Promise<Buffer> {
    const prehashed = publicKey.digest !== null;
    const input = prehashed ? createHash(publicKey.digest).update(message).digest() : message;
    const data = {
      input: input.toString('base64'),
      prehashed,
      // The version whose public key is stated for the run, also when the key is rotated meanwhile.
      key_version: Number(publicKey.version),
      signature_algorithm: 'pkcs1v15',
    };
    const response = await this.#call({ path: `${this.#mount}/sign/${this.#name}/sha2-256`, data }, signal);
    const [, signature] = /^vault:v\d+:(.+)$/.exec(stringField(objectField(response, 'data'), 'signature') ?? '') ?? [];
    if (signature !== undefined) return Buffer.from(signature, 'base64');
    throw new SigningError('SignerUnavailable', `key ${this.#definition.uri}: the server gave no signature`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** With one new login where the token was refused, as it can have ended or been revoked. */
  async #call(call: Omit<VaultCall, 'token'>, signal: AbortSignal): Promise<unknown> {
    const token = await this.#session.token(signal);
    try {
      return await this.#client.call({ ...call, token }, signal);
    } catch (error) {
      const isRefused = error instanceof VaultRefusal && error.status === 403;
      if (!isRefused || !this.#session.refused(token)) throw vaultFailure(error, this.#definition.uri);
    }
    const another = await this.#session.token(signal);
    return this.#client.call({ ...call, token: another }, signal).catch((error: unknown) => {
      throw vaultFailure(error, this.#definition.uri);
    });
  }
}
