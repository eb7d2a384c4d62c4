// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { inspect, promisify } from 'node:util';
import type { Signature } from '@sigstore/sign';
import type { RunSigner } from '../run-signer.ts';
import type { Digest } from '../signing-algorithm.ts';
import { sshKeyID } from '../ssh-key-id.ts';

const signAsync = promisify(
  (digest: Digest | null, data: Buffer, key: KeyObject, callback: (error: Error | null, result?: Buffer) => void) => {
    sign(digest, data, key, callback);
  },
);

/** Signs with a private key held in memory. Printing or serialising it shows the key id and never the key. */
export class KeySigner implements RunSigner {
  /** OpenSSH fingerprint, `SHA256:…`. */
  readonly keyID: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  readonly #key: KeyObject;
  readonly #digest: Digest | null;
  readonly #hint: string;

  /** @param digest hash of an ECDSA or RSA (PKCS#1 v1.5) signature; null for Ed25519, which hashes by itself. */
  constructor(key: KeyObject, digest: Digest | null) {
    const publicKey = createPublicKey(key);
    this.#key = key;
    this.#digest = digest;
    this.keyID = sshKeyID(publicKey);
    this.publicKey = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    this.#hint = createHash('sha256')
      .update(publicKey.export({ format: 'der', type: 'spki' }))
      .digest('base64');
  }

  /** ECDSA: ASN.1 DER, randomised. The hint is Chains': base64 of SHA-256 over the DER public key. */
  async sign(data: Buffer): Promise<Signature> {
    const signature = await signAsync(this.#digest, data, this.#key);
    if (signature === undefined) throw new Error(`key ${this.keyID} gave no signature`);
    return { signature, key: { $case: 'publicKey', publicKey: this.publicKey, hint: this.#hint } };
  }

  /** True if a signature over the data is this key's. */
  verifies(data: Buffer, signature: Buffer): boolean {
    return verify(this.#digest, data, this.publicKey, signature);
  }

  toJSON(): { readonly keyID: string } {
    return { keyID: this.keyID };
  }

  [inspect.custom](): string {
    return `KeySigner ${this.keyID} [redacted]`;
  }
}
