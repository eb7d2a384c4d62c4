// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { ObjectReader } from '../../credentials/object-reader.ts';
import { keyType, SUPPORTED_KEYS } from '../signing-algorithm.ts';
import { SigningError } from '../signing-error.ts';
import type { SignerWarning } from '../signing-source.ts';
import { sshKeyID } from '../ssh-key-id.ts';
import type { VerificationKey } from '../verification-key.ts';
import { readKeySecret, type SecretEntries } from './key-secret.ts';
import { keyWindow, type StatedWindow } from './key-window.ts';
import { secretKeyFile } from './load-key-signer.ts';
import type { OpenedKeys } from './opened-keys.ts';
import { firstPemBlock } from './pem.ts';
import type { KeyFile } from './sound-signer.ts';

/** An entry of `retired` of any kind of signer. */
export interface RetiredRef extends StatedWindow {
  readonly name: string;
}

export interface RetiredKeys {
  readonly keys: readonly VerificationKey[];
  /** Keys that cannot be published, each with the remedy. */
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
      // A key in a service has no other form.
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

/** The key of a `cosign.pub` or `x509.pub`. @throws SigningError `KeyInvalid` */
function publicKey(bytes: Uint8Array, file: KeyFile): KeyObject {
  const block = firstPemBlock(Buffer.from(bytes).toString('latin1'));
  const key = block?.label === 'PUBLIC KEY' ? subjectPublicKey(block.body) : undefined;
  if (key === undefined || keyType(key) === 'Unsupported') {
    const message = `${file.description} is not a PEM block "PUBLIC KEY" of a key that is ${SUPPORTED_KEYS}`;
    throw new SigningError('KeyInvalid', message);
  }
  return key;
}

/** undefined for what is no key, and for a point at infinity, which OpenSSL loads and cannot write again. */
function subjectPublicKey(der: Buffer): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    key.export({ format: 'jwk' });
    return key;
  } catch {
    return undefined;
  }
}
