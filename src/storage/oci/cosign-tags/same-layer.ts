// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { isSignedBy } from '../../../evidence/signature-check.ts';
import { CERTIFICATE_ANNOTATION, SIGNATURE_ANNOTATION } from './cosign-layer.ts';
import type { LayerDescriptor } from './cosign-layer.ts';
import type { CosignManifest } from './cosign-manifest.ts';

/** Only keys sign the same payload twice: an attestation is signed once, and a certificate belongs to one signature. */
type KeySigned = Pick<SignedArtifact, 'form' | 'payload' | 'publicKey' | 'certificate'>;

/**
 * Test whether an existing layer makes this one unnecessary: the same payload with a valid signature by the same key and witnesses of the
 * same kinds. ECDSA signatures differ each time, so each run that builds the same image would add one.
 */
export function sameLayer(
  artifact: KeySigned,
  wanted: LayerDescriptor,
): (existing: CosignManifest['layers'][number]) => boolean {
  const { form, payload, publicKey, certificate } = artifact;
  if (form !== 'SimpleSigning' || certificate !== undefined) return () => false;
  const needed = Object.entries(wanted.annotations).flatMap(([name, text]) => (text === '' ? [] : [name]));
  return ({ digest, annotations = {} }) => {
    if (digest !== wanted.digest || (annotations[CERTIFICATE_ANNOTATION] ?? '') !== '') return false;
    if (needed.some((name) => (annotations[name] ?? '') === '')) return false;
    return isSignedBy(
      createPublicKey(publicKey),
      payload,
      Buffer.from(annotations[SIGNATURE_ANNOTATION] ?? '', 'base64'),
    );
  };
}
