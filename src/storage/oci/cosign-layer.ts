// SPDX-License-Identifier: Apache-2.0
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/signed-artifact.ts';

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

/** The annotations Chains writes on every layer; without a certificate they are there and empty. */
function annotations(signature: string): Readonly<Record<string, string>> {
  return {
    [SIGNATURE_ANNOTATION]: signature,
    'dev.sigstore.cosign/certificate': '',
    'dev.sigstore.cosign/chain': '',
  };
}

/** An image signature's layer is the payload with the signature beside it; a statement's is its DSSE envelope. */
export function cosignLayer(artifact: SignedArtifact): CosignLayer {
  switch (artifact.form) {
    case 'SimpleSigning':
      return layer(
        'application/vnd.dev.cosign.simplesigning.v1+json',
        artifact.payload,
        artifact.signature.toString('base64'),
      );
    case 'InTotoStatement':
    case 'SigstoreStatement':
      return layer('application/vnd.dsse.envelope.v1+json', signatureText(artifact), '');
  }
}

/** `sha256-<hex>.sig` or `.att`: the tag beside an image that holds its signatures or its attestations. */
export function cosignTag(imageDigest: string, artifact: Pick<SignedArtifact, 'type'>): string {
  return `${imageDigest.replace(':', '-')}.${artifact.type === 'Attestation' ? 'att' : 'sig'}`;
}

function layer(mediaType: string, bytes: Buffer, signature: string): CosignLayer {
  const descriptor = {
    mediaType,
    size: bytes.length,
    digest: payloadDigest(bytes),
    annotations: annotations(signature),
  };
  return { bytes, descriptor };
}
