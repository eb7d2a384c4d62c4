// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from 'node:crypto';
import type { PublicKeyDetails } from '@sigstore/protobuf-specs';
import { CreateEntryRequest, type Verifier } from '@sigstore/protobuf-specs/rekor/v2';
import { dsseEnvelope } from '../evidence/dsse-envelope.ts';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { publicKeyOf } from '../evidence/public-key.ts';
import { signedBytes } from '../evidence/signed-bytes.ts';
import type { Hash } from './signature-algorithm.ts';

/** An algorithm that tiled logs can name. They verify signatures over a hash. */
export interface TiledAlgorithm {
  readonly hash: Hash;
  readonly keyDetails: PublicKeyDetails;
}

/** Makes a request for Rekor v1: a `dsse` entry for a statement, a `hashedrekord` for a simple signing, in the same form as Tekton Chains. */
export function logRequestV1(artifact: SignedArtifact, hash: Hash = 'sha256'): object {
  const key = Buffer.from(leafOrKey(artifact)).toString('base64');
  if (artifact.form !== 'SimpleSigning') {
    const proposedContent = { envelope: dsseEnvelope(artifact), verifiers: [key] };
    return { apiVersion: '0.0.1', kind: 'dsse', spec: { proposedContent, signatures: null } };
  }
  const value = createHash(hash).update(signedBytes(artifact)).digest('hex');
  const signature = { content: artifact.signature.toString('base64'), publicKey: { content: key } };
  return { apiVersion: '0.0.1', kind: 'hashedrekord', spec: { data: { hash: { algorithm: hash, value } }, signature } };
}

/**
 * Makes a request for Rekor v2, JSON of its CreateEntryRequest. Its one type of entry covers the hash of the signed bytes, which for a
 * statement are its pre-authentication encoding (rekor-tiles, CLIENTS.md).
 */
export function logRequestV2(artifact: SignedArtifact, { hash, keyDetails }: TiledAlgorithm): unknown {
  const digest = createHash(hash).update(signedBytes(artifact)).digest();
  const signature = { content: artifact.signature, verifier: verifierOf(artifact, keyDetails) };
  return CreateEntryRequest.toJSON({
    spec: { $case: 'hashedRekordRequestV002', hashedRekordRequestV002: { digest, signature } },
  });
}

function verifierOf({ certificate, publicKey }: SignedArtifact, keyDetails: PublicKeyDetails): Verifier {
  if (certificate !== undefined) {
    const x509Certificate = { rawBytes: new X509Certificate(certificate.chain).raw };
    return { keyDetails, verifier: { $case: 'x509Certificate', x509Certificate } };
  }
  const rawBytes = publicKeyOf(publicKey).export({ format: 'der', type: 'spki' });
  return { keyDetails, verifier: { $case: 'publicKey', publicKey: { rawBytes } } };
}

/** Returns the PEM of the signing certificate, or of the public key without one. */
function leafOrKey({ certificate, publicKey }: SignedArtifact): string {
  return certificate === undefined ? publicKey : new X509Certificate(certificate.chain).toString();
}
