// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';
import type { Signature } from '@sigstore/sign';
import type { Clock } from '../../runtime/clock.ts';
import type { KeySigner } from '../key/key-signer.ts';
import type { RunSigner, SigningCertificate } from '../run-signer.ts';
import { SigningError } from '../signing-error.ts';

/** Signs one run's artifacts with a key that nothing else is signed with, for as long as its certificate holds. */
export class KeylessSigner implements RunSigner {
  readonly keyID: string;
  readonly publicKey: string;
  readonly certificate: SigningCertificate;
  readonly #key: KeySigner;
  readonly #clock: Clock;

  constructor(key: KeySigner, certificate: SigningCertificate, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
    this.keyID = key.keyID;
    this.publicKey = key.publicKey;
    this.certificate = certificate;
  }

  /** @throws SigningError once the certificate has ended: such a signature would verify nowhere */
  async sign(data: Buffer): Promise<Signature> {
    if (this.#clock.now() >= this.certificate.notAfter) {
      const message = `the certificate of "${this.certificate.identity}" ended before everything was signed; a new one is asked for`;
      throw new SigningError('SignerUnavailable', message);
    }
    const { signature } = await this.#key.sign(data);
    return { signature, key: { $case: 'x509Certificate', certificate: this.certificate.chain } };
  }

  toJSON(): { readonly keyID: string } {
    return { keyID: this.keyID };
  }

  [inspect.custom](): string {
    return `KeylessSigner ${this.keyID} of ${this.certificate.identity} [redacted]`;
  }
}
