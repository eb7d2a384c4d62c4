// SPDX-License-Identifier: Apache-2.0
import type { RunSigner } from './run-signer.ts';
import type { SigningReason } from './signing-error.ts';

/** A key that the evidence of a policy verifies with. */
export interface VerificationKey {
  readonly keyID: string;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  /** Signatures made before this time do not count. */
  readonly notBefore?: Date;
  /** Signatures made after this time do not count. */
  readonly notAfter?: Date;
}

/** What a preflight found: it can sign now. */
export interface SignerCheck {
  /** The active key; absent for a keyless signer, whose keys live for one run each. */
  readonly active?: VerificationKey;
  /** Keys that sign no more and still verify. */
  readonly retired: readonly VerificationKey[];
  /** Of a keyless signer: whom its certificates name. */
  readonly keyless?: { readonly identity: string; readonly issuer: string };
  /** What the user should do before it is too late: a key that ends soon, a retired one that cannot be published. */
  readonly warnings?: readonly SignerWarning[];
}

export interface SignerWarning {
  readonly reason: SigningReason;
  readonly message: string;
}

/** What signs for one policy. Every failure is a SigningError; an abort rejects with the signal's reason. */
export interface SigningSource {
  /** A signer for one run's artifacts; a keyless one has a key and certificate of its own. */
  signer(signal: AbortSignal): Promise<RunSigner>;
  /** Whether it could sign now, with a trial signature where that leaves nothing behind. */
  check(signal: AbortSignal): Promise<SignerCheck>;
  close(): Promise<void>;
}
