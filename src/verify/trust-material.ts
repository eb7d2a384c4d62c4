// SPDX-License-Identifier: Apache-2.0
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial } from '@sigstore/verify';
import type { TrustMaterial } from '@sigstore/verify';
import { VerificationFailure } from './verification-failure.ts';

/** Always valid, because check-key-window.ts judges the windows of keys with its own message. */
const ALWAYS = { start: new Date(0), end: new Date(8.64e15) };

/** Combines a trusted root and the one signing key for Sigstore's verifier. @throws VerificationFailure */
export function trustMaterial(root: TrustedRoot, publicKey: Buffer | undefined): TrustMaterial {
  try {
    const keys =
      publicKey === undefined ? {} : { [SIGNER_HINT]: { rawBytes: publicKey, keyDetails: 0, validFor: ALWAYS } };
    return toTrustMaterial(root, keys);
  } catch (error) {
    throw new VerificationFailure('TrustMissing', 'the trusted root holds a key or certificate that cannot be read', {
      cause: error,
    });
  }
}

/** The hint that finds the signing key. */
export const SIGNER_HINT = 'signer';
