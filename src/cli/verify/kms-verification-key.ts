// SPDX-License-Identifier: Apache-2.0
import type { Access } from '../../credentials/access.ts';
import { kmsSource } from '../../signing/kms/kms-source.ts';
import { SigningError } from '../../signing/signing-error.ts';
import type { VerificationKey } from '../../signing/verification-key.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';

/** Fetches the public key of a KMS with the credentials and addresses of the user's environment. @throws UsageError, UncheckedError */
export async function kmsVerificationKey(uri: string, access: Access, signal: AbortSignal): Promise<VerificationKey> {
  if (!/^(awskms|gcpkms|azurekms|hashivault|openbao):\/\/\S+$/.test(uri)) {
    throw new UsageError(`"${uri}" is not a key as awskms://, gcpkms://, azurekms://, hashivault:// or openbao://`);
  }
  const source = kmsSource(
    {
      // This kind uses the identity of its environment.
      kind: 'ClusterSigningPolicy',
      description: '--kms',
      homeNamespace: '',
      signer: { type: 'KMS', kms: { uri } },
    },
    { ...access, keylessAudience: '' },
  );
  try {
    const { keyID, publicKey } = await source.signer(signal);
    return { keyID, publicKey };
  } catch (error) {
    if (error instanceof SigningError) throw new UncheckedError(error.message, { cause: error });
    throw error;
  } finally {
    await source.close();
  }
}
