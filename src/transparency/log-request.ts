// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import type { PublicKeyDetails } from '@sigstore/protobuf-specs';
import { CreateEntryRequest, type Verifier } from '@sigstore/protobuf-specs/rekor/v2';
import { dsseEnvelope } from '../evidence/dsse-envelope.ts';
import type { SignedArtifact } from '../evidence/signed-artifact.ts';
import { signedBytes } from '../evidence/signed-bytes.ts';
import type { SignatureAlgorithm } from './signature-algorithm.ts';

/** An algorithm that tiled logs have a name for. */
export type TiledAlgorithm = SignatureAlgorithm & { readonly keyDetails: PublicKeyDetails };

/** What Rekor v1 is sent: a `dsse` entry for a statement, a `hashedrekord` for a simple signing, in the shapes that Chains sends. */
export function logRequestV1(artifact: SignedArtifact, { hash = 'sha256' }: SignatureAlgorithm): object {
  const key = Buffer.from(leafOrKey(artifact)).toString('base64');
  if (artifact.form !== 'SimpleSigning') {
    const proposedContent = { envelope: dsseEnvelope(artifact), verifiers: [key] };
    return { apiVersion: '0.0.1', kind: 'dsse', spec: { proposedContent, signatures: null } };
  }
  const value = createHash(hash).update(signedBytes(artifact)).digest('hex');
  const signature = { content: artifact.signature.toString('base64'), publicKey: { content: key } };
  return { apiVersion: '0.0.1', kind: 'hashedrekord', spec: { data: { hash: { algorithm: hash, value } }, signature } };
}

/** What Rekor v2 is sent: JSON of its CreateEntryRequest. */
export function logRequestV2(artifact: SignedArtifact, algorithm: TiledAlgorithm): unknown {
  const verifier = verifierOf(artifact, algorithm);
  const { payload, payloadType, signature } = artifact;
  if (artifact.form !== 'SimpleSigning') {
    const envelope = { payload, payloadType, signatures: [{ sig: signature, keyid: '' }] };
    const dsseRequestV002 = { envelope, verifiers: [verifier] };
    return CreateEntryRequest.toJSON({ spec: { $case: 'dsseRequestV002', dsseRequestV002 } });
  }
  const digest = createHash(algorithm.hash ?? 'sha256')
    .update(signedBytes(artifact))
    .digest();
  const hashedRekordRequestV002 = { digest, signature: { content: signature, verifier } };
  return CreateEntryRequest.toJSON({ spec: { $case: 'hashedRekordRequestV002', hashedRekordRequestV002 } });
}

function verifierOf({ certificate, publicKey }: SignedArtifact, { keyDetails }: TiledAlgorithm): Verifier {
  if (certificate !== undefined) {
    const x509Certificate = { rawBytes: new X509Certificate(certificate.chain).raw };
    return { keyDetails, verifier: { $case: 'x509Certificate', x509Certificate } };
  }
  const rawBytes = createPublicKey(publicKey).export({ format: 'der', type: 'spki' });
  return { keyDetails, verifier: { $case: 'publicKey', publicKey: { rawBytes } } };
}

/** PEM of the signing certificate, or of the public key where there is none. */
function leafOrKey({ certificate, publicKey }: SignedArtifact): string {
  return certificate === undefined ? publicKey : new X509Certificate(certificate.chain).toString();
}
