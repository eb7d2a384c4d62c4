// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, type JsonWebKey as NodeWebKey, type KeyObject } from 'node:crypto';
import { type CryptographyClient, KeyClient, type KeyVaultKey } from '@azure/keyvault-keys';
import { azureCredential } from '../../../credentials/azure/azure-credential.ts';
import { egressHttpClient } from '../../../credentials/azure/egress-http-client.ts';
import type { SigningContext } from '../../signing-context.ts';
import { SigningError } from '../../signing-error.ts';
import { verificationKey } from '../../verification-key.ts';
import type { KmsDefinition } from '../kms-definition.ts';
import type { KmsKey, KmsProvider, KmsPublicKey, KmsSignRequest } from '../kms-key.ts';
import { azureAlgorithm } from './azure-algorithm.ts';
import { azureFailure, statusOf } from './azure-failure.ts';
import { authorityOfVault, azureKeyName, type AzureKeyName } from './azure-uri.ts';
import { ecdsaSignature } from './ecdsa-signature.ts';
import { vaultCredential } from './vault-credential.ts';

/** A key of Azure Key Vault or a Managed HSM: `azurekms://VAULT-HOST/KEY[/VERSION]`. */
export const azureKey: KmsProvider = (definition, context) => new AzureKey(definition, context);

interface Signing {
  readonly version: string;
  readonly client: CryptographyClient;
}

class AzureKey implements KmsKey {
  readonly #definition: KmsDefinition;
  readonly #context: SigningContext;
  readonly #name: AzureKeyName;
  #keys: KeyClient | undefined;
  #signing: Signing | undefined;

  constructor(definition: KmsDefinition, context: SigningContext) {
    this.#definition = definition;
    this.#context = context;
    this.#name = azureKeyName(definition.uri);
  }

  publicKey(abortSignal: AbortSignal): Promise<KmsPublicKey> {
    return this.#call(abortSignal, async (keys) => {
      const { name, version } = this.#name;
      const options = { abortSignal, ...(version === undefined ? {} : { version }) };
      return this.#stated(await keys.getKey(name, options));
    });
  }

  sign({ message, publicKey }: KmsSignRequest, abortSignal: AbortSignal): Promise<Buffer> {
    const { version, key } = publicKey;
    const algorithm = azureAlgorithm(key);
    if (version === undefined || algorithm === undefined) throw new TypeError('the public key is not of this provider');
    return this.#call(abortSignal, async (keys) => {
      const client = this.#signing?.version === version ? this.#signing.client : this.#open(keys, version);
      const digest = createHash(algorithm.digest).update(message).digest();
      const { result } = await client.sign(algorithm.name, digest, { abortSignal });
      return algorithm.isEcdsa ? ecdsaSignature(result) : Buffer.from(result);
    });
  }

  close(): Promise<void> {
    this.#forget();
    return Promise.resolve();
  }

  #stated({ key: jwk, properties }: KeyVaultKey): KmsPublicKey {
    const { uri } = this.#definition;
    const { version, enabled, notBefore, expiresOn } = properties;
    const now = this.#context.clock.now();
    if (enabled === false) throw new SigningError('KeyInvalid', `key ${uri} is disabled in the vault: enable it`);
    if (notBefore !== undefined && notBefore > now)
      throw new SigningError(
        'KeyInvalid',
        `key ${uri} is not valid before ${notBefore.toISOString()}: wait, or name another`,
      );
    const key = publicKeyOf(jwk);
    const algorithm = key === undefined ? undefined : azureAlgorithm(key);
    if (key === undefined || algorithm === undefined || jwk?.keyOps?.includes('sign') === false) {
      const message = `key ${uri} is not for signing, or none that verifiers of evidence take: use EC (P-256, P-384, P-521) or RSA (2048, 3072, 4096) with the operation sign`;
      throw new SigningError('KeyInvalid', message);
    }
    if (expiresOn !== undefined && expiresOn <= now) {
      const message = `key ${uri} expired at ${expiresOn.toISOString()}: rotate it in the vault`;
      // Its earlier signatures still verify.
      const published = { active: verificationKey(key, expiresOn), retired: [] };
      throw new SigningError('KeyExpired', message, { published });
    }
    if (version === undefined || !/^[0-9a-fA-F]{32}$/.test(version))
      throw new SigningError('SignerUnavailable', `key ${uri}: the vault names no version of it; it is asked again`);
    return { key, digest: algorithm.digest, version, ...(expiresOn === undefined ? {} : { notAfter: expiresOn }) };
  }

  async #call<Result>(signal: AbortSignal, work: (keys: KeyClient) => Promise<Result>): Promise<Result> {
    try {
      this.#keys ??= this.#client();
      return await work(this.#keys);
    } catch (error) {
      signal.throwIfAborted();
      // With the token that was not accepted.
      if (statusOf(error) === 401) this.#forget();
      throw azureFailure(error, this.#definition.uri);
    }
  }

  #client(): KeyClient {
    const { identity, tls, spec, uri } = this.#definition;
    const { vault } = this.#name;
    // The operator's own environment says where its directory is.
    const authorityHost = identity.type === 'Operator' ? undefined : authorityOfVault(vault);
    const credential = azureCredential({ identity, tls, authorityHost, ...spec.azure }, this.#context);
    return new KeyClient(vault.origin, vaultCredential(credential, vault, uri), {
      // vaultCredential checks it.
      disableChallengeResourceVerification: true,
      httpClient: egressHttpClient(this.#context.egress, { origin: vault.origin, tls }),
      retryOptions: { maxRetries: 0 },
      redirectOptions: { maxRetries: 0 },
    });
  }

  #open(keys: KeyClient, version: string): CryptographyClient {
    const client = keys.getCryptographyClient(this.#name.name, { keyVersion: version });
    this.#signing = { version, client };
    return client;
  }

  #forget(): void {
    this.#keys = undefined;
    this.#signing = undefined;
  }
}

/** The key of a JSON Web Key whose numbers the client library has decoded. */
function publicKeyOf(jwk: KeyVaultKey['key'] = {}): KeyObject | undefined {
  const { kty = '', crv = '', x, y, n, e } = jwk;
  const key: NodeWebKey = kty.startsWith('EC')
    ? { kty: 'EC', crv, x: base64url(x), y: base64url(y) }
    : { kty: 'RSA', n: base64url(n), e: base64url(e) };
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function base64url(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64url');
}
