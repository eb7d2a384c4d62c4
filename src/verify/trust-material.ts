// SPDX-License-Identifier: Apache-2.0
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { toTrustMaterial } from '@sigstore/verify';
import type { TrustMaterial } from '@sigstore/verify';
import { VerificationFailure } from './verification-failure.ts';

/** Always in force: the windows of keys are judged by check-key-window.ts, with a message of its own. */
const ALWAYS = { start: new Date(0), end: new Date(8.64e15) };

/** A trusted root as sigstore's verifier takes it, and the one key that made the signature. @throws VerificationFailure */
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

/** Under which the key that made the signature is found. */
export const SIGNER_HINT = 'signer';
