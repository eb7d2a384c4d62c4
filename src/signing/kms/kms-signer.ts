// SPDX-License-Identifier: Apache-2.0
import { constants, createHash, verify } from 'node:crypto';
import type { Signature } from '@sigstore/sign';
import type { RunSigner } from '../run-signer.ts';
import { keyType, SUPPORTED_KEYS } from '../signing-algorithm.ts';
import { SigningError } from '../signing-error.ts';
import { sshKeyID } from '../ssh-key-id.ts';
import type { KmsPublicKey } from './kms-key.ts';

export interface KmsSignerCalls {
  /** Asks the service; rejects with SigningError. */
  sign(message: Buffer): Promise<Buffer>;
  /** No signature came of it: the version of the key may be gone. */
  refused(): void;
}

/** Signs one run's artifacts with one version of a key, and hands out no signature that does not verify. */
export class KmsSigner implements RunSigner {
  readonly keyID: string;
  readonly publicKey: string;
  readonly #public: KmsPublicKey;
  readonly #uri: string;
  readonly #hint: string;
  readonly #calls: KmsSignerCalls;

  /**
   * @throws SigningError `KeyInvalid` for a kind of key that verifiers of evidence do not take
   */
  constructor(publicKey: KmsPublicKey, uri: string, calls: KmsSignerCalls) {
    if (keyType(publicKey.key) === 'Unsupported') {
      throw new SigningError('KeyInvalid', `key ${uri} is not ${SUPPORTED_KEYS}: name one that is`);
    }
    this.#public = publicKey;
    this.#uri = uri;
    this.#calls = calls;
    this.keyID = sshKeyID(publicKey.key);
    this.publicKey = publicKey.key.export({ format: 'pem', type: 'spki' }).toString();
    const der = publicKey.key.export({ format: 'der', type: 'spki' });
    this.#hint = createHash('sha256').update(der).digest('base64');
  }

  async sign(data: Buffer): Promise<Signature> {
    const signature = await this.#signature(data).catch((error: unknown) => {
      this.#calls.refused();
      throw error;
    });
    return { signature, key: { $case: 'publicKey', publicKey: this.publicKey, hint: this.#hint } };
  }

  async #signature(data: Buffer): Promise<Buffer> {
    const signature = await this.#calls.sign(data);
    if (!this.#verifies(data, signature)) {
      const message = `key ${this.#uri}: its service gave a signature that does not verify with the public key it stated: the key was replaced a moment ago, or the service is at fault; the next try asks for the key again`;
      throw new SigningError('SignerUnavailable', message);
    }
    return signature;
  }

  #verifies(data: Buffer, signature: Buffer): boolean {
    const { key, digest, padding } = this.#public;
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
    return verify(digest, data, padding === 'PSS' ? { key, ...pss } : key, signature);
  }
}
