// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { SigningContext } from '../signing-context.ts';
import type { KmsDefinition } from './kms-definition.ts';
import type { Digest } from '../signing-algorithm.ts';

/** The public half of a key, and how the service signs with it. */
export interface KmsPublicKey {
  readonly key: KeyObject;
  /** Hash of an ECDSA or RSA signature; null for Ed25519, which hashes by itself. */
  readonly digest: Digest | null;
  /** The padding of RSA: PKCS#1 v1.5 when absent. */
  readonly padding?: 'PSS';
  /** Names this very version to the provider, so that a run is signed with the key that it was promised although the key was rotated. */
  readonly version?: string;
  /** The time at which the service stops signing with it, if known. */
  readonly notAfter?: Date;
  /** Earlier versions that still verify, if the service returns them with the key. */
  readonly earlier?: readonly KeyObject[];
}

export interface KmsSignRequest {
  readonly message: Buffer;
  /** The result of `publicKey`. */
  readonly publicKey: KmsPublicKey;
}

/**
 * One key of a key management service. Failures are SigningErrors, or what `kmsFailure` makes one of: CredentialError,
 * EgressError. Signatures are verified by the caller; a signal that aborts ends the call.
 */
export interface KmsKey {
  /** Asks the service each time. */
  publicKey(signal: AbortSignal): Promise<KmsPublicKey>;
  /** ASN.1 DER for ECDSA; the bare signature for RSA and Ed25519. */
  sign(request: KmsSignRequest, signal: AbortSignal): Promise<Buffer>;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** Opens a key without asking the service yet. @throws SigningError `KeyNotFound` for a URI that names no key. */
export type KmsProvider = (definition: KmsDefinition, context: SigningContext) => KmsKey;
