// SPDX-License-Identifier: Apache-2.0
import type { ObjectReader } from '../../credentials/object-reader.ts';
import { isForbidden } from '../../kube/kube-error.ts';
import { SigningError } from '../signing-error.ts';

/** Decoded entries of a Secret. */
export type SecretEntries = Readonly<Record<string, Uint8Array>>;

/**
 * The entries of a key Secret.
 * @throws SigningError `KeyNotFound` when it does not exist or may not be read; what may pass by itself rejects as it came
 */
export async function readKeySecret(
  objects: ObjectReader,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<SecretEntries> {
  const data = await objects.getSecret(namespace, name, signal).catch((error: unknown) => {
    if (!isForbidden(error)) throw error;
    const message = `the operator may not read Secret "${namespace}/${name}": grant its ServiceAccount get on it`;
    throw new SigningError('KeyNotFound', message, { cause: error });
  });
  if (data !== undefined) return data;
  const message = `Secret "${namespace}/${name}" does not exist: create it with an entry "x509.pem", or "cosign.key" and "cosign.password"`;
  throw new SigningError('KeyNotFound', message);
}
