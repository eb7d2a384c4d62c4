// SPDX-License-Identifier: Apache-2.0
import type { RunSigner } from './run-signer.ts';
import type { SigningReason } from './signing-error.ts';
import type { PublishedKeys } from './verification-key.ts';

/** The result of a successful preflight: the source can sign now. */
export interface SignerCheck extends PublishedKeys {
  /** The subject of a keyless signer's certificates. */
  readonly keyless?: { readonly identity: string; readonly issuer: string };
  /** Things the user should do before it is too late: a key that ends soon, a retired one that cannot be published. */
  readonly warnings?: readonly SignerWarning[];
}

export interface SignerWarning {
  readonly reason: SigningReason;
  readonly message: string;
}

/** Signs for one policy. Every failure is a SigningError; an abort rejects with the signal's reason. */
export interface SigningSource {
  /** A signer for one run's artifacts; a keyless one has a key and certificate of its own. */
  signer(signal: AbortSignal): Promise<RunSigner>;
  /** Checks that it could sign now, with a trial signature where that leaves nothing behind. */
  check(signal: AbortSignal): Promise<SignerCheck>;
  close(): Promise<void>;
}
