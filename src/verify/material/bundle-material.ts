// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Bundle, MessageSignature } from '@sigstore/bundle';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import type { Material } from './material.ts';
import { SIMPLE_SIGNING_TYPE } from './material.ts';
import { parseBundle } from './parse-bundle.ts';
import { VerificationFailure } from '../verification-failure.ts';

/**
 * Reads the material of a Sigstore bundle.
 * @param payload the signed payload of a message signature, because such a bundle holds only its digest
 * @throws VerificationFailure for anything but a complete bundle with exactly one signature
 */
export function bundleMaterial(text: string, payload?: Buffer): Material {
  const bundle = parseBundle(text);
  const { tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  const certificate = signingCertificate(bundle);
  return {
    ...content(bundle, payload),
    ...(certificate === undefined ? {} : { certificate }),
    logEntries: tlogEntries,
    timestamps: (timestampVerificationData?.rfc3161Timestamps ?? []).map(({ signedTimestamp }) => signedTimestamp),
  };
}

function content(
  bundle: Bundle,
  payload: Buffer | undefined,
): Pick<Material, 'form' | 'payloadType' | 'payload' | 'signature'> {
  if (bundle.content.$case === 'messageSignature') {
    if (payload === undefined) {
      const message = 'the bundle does not hold the message that it signs; pass the signed payload as well';
      throw new VerificationFailure('MaterialInvalid', message);
    }
    const { messageSignature } = bundle.content;
    requireDigest(messageSignature, payload);
    return { form: 'Raw', payloadType: SIMPLE_SIGNING_TYPE, payload, signature: messageSignature.signature };
  }
  const { signatures, ...envelope } = bundle.content.dsseEnvelope;
  const [signature] = signatures;
  if (signature === undefined || signatures.length !== 1) {
    const message = `the bundle's envelope has ${signatures.length} signatures and must have exactly one`;
    throw new VerificationFailure('MaterialInvalid', message);
  }
  return { form: 'Envelope', payloadType: envelope.payloadType, payload: envelope.payload, signature: signature.sig };
}

const hashes: Partial<Record<HashAlgorithm, string>> = {
  [HashAlgorithm.SHA2_256]: 'sha256',
  [HashAlgorithm.SHA2_384]: 'sha384',
  [HashAlgorithm.SHA2_512]: 'sha512',
};

function requireDigest({ messageDigest }: MessageSignature, payload: Buffer): void {
  const algorithm = hashes[messageDigest.algorithm];
  if (algorithm !== undefined && createHash(algorithm).update(payload).digest().equals(messageDigest.digest)) return;
  throw new VerificationFailure('PayloadInvalid', 'the payload does not have the digest that the bundle states');
}

function signingCertificate({ verificationMaterial }: Bundle): Buffer | undefined {
  const { content: signer } = verificationMaterial;
  switch (signer.$case) {
    case 'publicKey':
      return undefined;
    case 'certificate':
      return signer.certificate.rawBytes;
    case 'x509CertificateChain': {
      const [leaf] = signer.x509CertificateChain.certificates;
      if (leaf !== undefined) return leaf.rawBytes;
      throw new VerificationFailure('MaterialInvalid', 'the bundle has an empty certificate chain');
    }
  }
}
