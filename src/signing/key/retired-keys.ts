// SPDX-License-Identifier: Apache-2.0
import type { ObjectReader } from '../../credentials/object-reader.ts';
import { SigningError } from '../signing-error.ts';
import type { SignerWarning } from '../signing-source.ts';
import { sshKeyID } from '../ssh-key-id.ts';
import { secretKeyFile } from './key-file.ts';
import type { SecretEntries } from './key-secret.ts';
import { readKeySecret } from './key-secret.ts';
import type { StatedWindow } from './key-window.ts';
import { keyWindow } from './key-window.ts';
import type { OpenedKeys } from './opened-keys.ts';
import { publicKey } from './public-key.ts';
import type { VerificationKey } from '../verification-key.ts';

/** An entry of `retired` of any kind of signer. */
export interface RetiredRef extends StatedWindow {
  readonly name: string;
}

export interface RetiredKeys {
  readonly keys: readonly VerificationKey[];
  /** Those that cannot be published, each with the remedy. */
  readonly problems: readonly SignerWarning[];
}

/** The public keys of retired Secrets, each key once. One that is of no use holds up neither the others nor signing: it is a problem to tell. */
export async function retiredKeys(
  refs: readonly RetiredRef[],
  from: { readonly objects: ObjectReader; readonly namespace: string; readonly opened: OpenedKeys },
  signal: AbortSignal,
): Promise<RetiredKeys> {
  const keys: VerificationKey[] = [];
  const problems: SignerWarning[] = [];
  for (const ref of refs) {
    try {
      const secretName = `${from.namespace}/${ref.name}`;
      const entries = await readKeySecret(from.objects, { namespace: from.namespace, name: ref.name }, signal);
      const key = await publicHalf(entries, secretName, from.opened);
      if (!keys.some(({ keyID }) => keyID === key.keyID)) keys.push({ ...key, ...keyWindow(ref) });
    } catch (error) {
      if (!(error instanceof SigningError)) throw error;
      // Of a key in a service nobody has more.
      const message = `a retired key is not published: ${error.message}. Its public key suffices, as entry "x509.pub"`;
      problems.push({ reason: error.reason, message });
    }
  }
  return { keys, problems };
}

/** In the order in which the Secret's private keys are taken; a public entry spares opening the private one. */
async function publicHalf(
  entries: SecretEntries,
  secretName: string,
  opened: OpenedKeys,
): Promise<Pick<VerificationKey, 'keyID' | 'publicKey'>> {
  const entry = 'x509.pub' in entries ? 'x509.pub' : 'x509.pem' in entries ? undefined : 'cosign.pub';
  const bytes = entry === undefined ? undefined : entries[entry];
  if (entry === undefined || bytes === undefined) {
    const { keyID, publicKey: pem } = await opened.open(entries, secretName);
    return { keyID, publicKey: pem };
  }
  const key = publicKey(bytes, secretKeyFile(secretName, entry));
  return { keyID: sshKeyID(key), publicKey: key.export({ format: 'pem', type: 'spki' }).toString() };
}
