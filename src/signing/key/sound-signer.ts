// SPDX-License-Identifier: Apache-2.0
import { type KeyObject, randomBytes } from 'node:crypto';
import type { Digest } from '../signing-algorithm.ts';
import { SigningError } from '../signing-error.ts';
import { KeySigner } from './key-signer.ts';

/** The place of a key, for messages that a user can act on. */
export interface KeyFile {
  /** `entry "cosign.key" of Secret "team-a/signing-secrets"`. */
  readonly description: string;
  /** The place of its password: `entry "cosign.password"`. */
  readonly password: string;
}

const TRIAL_BYTES = 32;

/**
 * The signer of a private key, once it has made a signature that its own public half verifies: OpenSSL loads keys whose halves are of
 * two keys, or whose numbers are no key at all, and their signatures can never be verified.
 * @throws SigningError `KeyInvalid`
 */
export async function soundSigner(key: KeyObject, digest: Digest | null, { description }: KeyFile): Promise<KeySigner> {
  const signer = signerOf(key, digest);
  if (signer === undefined) throw unsound(description);
  await requireSound(signer, description);
  return signer;
}

/** Makes a trial signature. @param where the place of the key, for the message @throws SigningError `KeyInvalid` */
export async function requireSound(signer: KeySigner, where: string): Promise<void> {
  const data = randomBytes(TRIAL_BYTES);
  const signature = await signer.sign(data).then(
    (signed) => signed.signature,
    // OpenSSL's errors can quote what they are about, so they go no further.
    () => undefined,
  );
  if (signature === undefined || !signer.verifies(data, signature)) throw unsound(where);
}

function unsound(where: string): SigningError {
  const message = `${where} holds a key that makes no valid signatures, because its private and its public half do not belong together: put a sound key there`;
  return new SigningError('KeyInvalid', message);
}

function signerOf(key: KeyObject, digest: Digest | null): KeySigner | undefined {
  try {
    return new KeySigner(key, digest);
  } catch {
    return undefined;
  }
}
