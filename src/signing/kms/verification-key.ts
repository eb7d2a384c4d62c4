// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { VerificationKey } from '../signing-source.ts';
import { sshKeyID } from '../ssh-key-id.ts';

/** What a policy publishes of a key. @param notAfter when the service lets it sign no more */
export function verificationKey(key: KeyObject, notAfter?: Date): VerificationKey {
  const publicKey = key.export({ format: 'pem', type: 'spki' }).toString();
  return { keyID: sshKeyID(key), publicKey, ...(notAfter === undefined ? {} : { notAfter }) };
}
