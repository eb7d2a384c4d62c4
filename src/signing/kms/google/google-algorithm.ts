// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../signing-algorithm.ts';

/** The signing algorithm of a key version, which never changes. */
export interface GoogleAlgorithm {
  /** Null for Ed25519, which takes the message itself. */
  readonly digest: Digest | null;
  readonly padding?: 'PSS';
}

const algorithms: Readonly<Record<string, GoogleAlgorithm>> = {
  EC_SIGN_P256_SHA256: { digest: 'sha256' },
  EC_SIGN_P384_SHA384: { digest: 'sha384' },
  EC_SIGN_ED25519: { digest: null },
  RSA_SIGN_PKCS1_2048_SHA256: { digest: 'sha256' },
  RSA_SIGN_PKCS1_3072_SHA256: { digest: 'sha256' },
  RSA_SIGN_PKCS1_4096_SHA256: { digest: 'sha256' },
  RSA_SIGN_PKCS1_4096_SHA512: { digest: 'sha512' },
  RSA_SIGN_PSS_2048_SHA256: { digest: 'sha256', padding: 'PSS' },
  RSA_SIGN_PSS_3072_SHA256: { digest: 'sha256', padding: 'PSS' },
  RSA_SIGN_PSS_4096_SHA256: { digest: 'sha256', padding: 'PSS' },
  RSA_SIGN_PSS_4096_SHA512: { digest: 'sha512', padding: 'PSS' },
};

/** The algorithm by Cloud KMS's name; undefined for one whose signatures verifiers of evidence do not accept. */
export function googleAlgorithm(name: string): GoogleAlgorithm | undefined {
  return Object.hasOwn(algorithms, name) ? algorithms[name] : undefined;
}
