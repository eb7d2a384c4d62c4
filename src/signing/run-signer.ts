// SPDX-License-Identifier: Apache-2.0
import type { Signer } from '@sigstore/sign';

/** The certificate of a keyless signer. */
export interface SigningCertificate {
  /** PEM, the leaf first, as the certificate authority gave it. */
  readonly chain: string;
  /** Subject alternative name of the leaf: whom it was issued to. */
  readonly identity: string;
  /** The OIDC issuer that attested the identity. */
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/**
 * Signs the artifacts of one run. `sign` takes the bytes of `signedBytes` and rejects with SigningError; it gives up when the
 * signal aborts that the signer was asked for with.
 */
export interface RunSigner extends Signer {
  /** OpenSSH fingerprint of the public key, `SHA256:…`. */
  readonly keyID: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  readonly certificate?: SigningCertificate;
}
