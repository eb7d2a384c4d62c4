// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { isSignedBy } from '../../../evidence/signature-check.ts';
import { CERTIFICATE_ANNOTATION, SIGNATURE_ANNOTATION } from './cosign-layer.ts';
import type { LayerDescriptor } from './cosign-layer.ts';
import type { CosignManifest } from './cosign-manifest.ts';

/** An attestation is signed once, and a certificate is of one signature: only keys sign the same payload again. */
type KeySigned = Pick<SignedArtifact, 'form' | 'payload' | 'publicKey' | 'certificate'>;

/**
 * Which layers of an image's signatures are as good as this one: the very payload, signed by the same key, with witnesses of the same
 * kinds. ECDSA signatures differ each time, so a TaskRun and its PipelineRun would each add one. One that does not verify does not count.
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
