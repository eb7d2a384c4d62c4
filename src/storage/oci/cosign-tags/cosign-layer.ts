// SPDX-License-Identifier: Apache-2.0
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import { signatureText } from '../../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { certificateTexts } from '../../documents/certificate-texts.ts';
import { StorageError } from '../../storage-error.ts';
import { witnessAnnotations } from './witness-annotations.ts';

/** A layer of cosign's tag layout: its bytes and its descriptor. Field order is what Chains writes. */
export interface CosignLayer {
  readonly bytes: Buffer;
  readonly descriptor: LayerDescriptor;
}

export interface LayerDescriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';

export const CERTIFICATE_ANNOTATION = 'dev.sigstore.cosign/certificate';
export const CHAIN_ANNOTATION = 'dev.sigstore.cosign/chain';

/** The annotations that Chains writes on every layer (empty without a certificate), and those of the witnesses. */
function annotations(artifact: SignedArtifact, signature: string): Readonly<Record<string, string>> {
  const { certificate, chain } = certificateTexts(artifact);
  return {
    [SIGNATURE_ANNOTATION]: signature,
    [CERTIFICATE_ANNOTATION]: certificate,
    [CHAIN_ANNOTATION]: chain,
    ...witnessAnnotations(artifact),
  };
}

/**
 * Make the layer of an artifact: the payload of an image signature with the signature in an annotation, or the DSSE envelope of a statement.
 * @throws StorageError `BackendRejected` for a form that cosign does not look for in tags
 */
export function cosignLayer(artifact: SignedArtifact): CosignLayer {
  switch (artifact.form) {
    case 'SimpleSigning': {
      const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
      return layer(mediaType, artifact.payload, annotations(artifact, artifact.signature.toString('base64')));
    }
    case 'InTotoStatement':
      return layer('application/vnd.dsse.envelope.v1+json', signatureText(artifact), annotations(artifact, ''));
    case 'SigstoreStatement': {
      const message = `"${artifact.name}" is a statement for bundles, which cosign does not look for in its tags: let the policy make imageSignatures.formats SimpleSigning, or let the backend take attestations alone`;
      throw new StorageError('BackendRejected', message);
    }
  }
}

/** `sha256-<hex>.sig` or `.att`: the tag that holds an image's signatures or attestations. */
export function cosignTag(imageDigest: string, artifact: Pick<SignedArtifact, 'type'>): string {
  return `${imageDigest.replace(':', '-')}.${artifact.type === 'Attestation' ? 'att' : 'sig'}`;
}

function layer(mediaType: string, bytes: Buffer, texts: LayerDescriptor['annotations']): CosignLayer {
  return { bytes, descriptor: { mediaType, size: bytes.length, digest: payloadDigest(bytes), annotations: texts } };
}
