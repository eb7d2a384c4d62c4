// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { sshKeyID } from './ssh-key-id.ts';

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

/** The keys that a policy publishes. */
export interface PublishedKeys {
  /** Absent for a keyless signer, whose keys live for one run each. */
  readonly active?: VerificationKey;
  /** Keys that sign no more and still verify. */
  readonly retired: readonly VerificationKey[];
}

/** @param notAfter when its service stops signing with the key */
export function verificationKey(key: KeyObject, notAfter?: Date): VerificationKey {
  const publicKey = key.export({ format: 'pem', type: 'spki' }).toString();
  return { keyID: sshKeyID(key), publicKey, ...(notAfter === undefined ? {} : { notAfter }) };
}
