// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { bundleFromJSON, bundleToJSON, toDSSEBundle, toMessageSignatureBundle } from '@sigstore/bundle';
import type { Bundle } from '@sigstore/bundle';
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { EvidenceError } from './evidence-error.ts';
import type { SignedArtifact } from './artifact.ts';

/** Media type of what {@link sigstoreBundle} makes. */
export const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/**
 * The artifact as a Sigstore bundle v0.3: a DSSE envelope for what is signed in its pre-authentication encoding, a message signature
 * for a simple signing. The chain above the signing certificate is not part of it: verifiers take that from their trusted root.
 * @throws EvidenceError `PayloadInvalid` when a log entry or certificate of the artifact cannot be read
 */
export function sigstoreBundle(artifact: SignedArtifact): Bundle {
  const material = { ...keyMaterial(artifact), certificateChain: false };
  const { payload, payloadType, signature } = artifact;
  const bundle: Bundle =
    artifact.form === 'SimpleSigning'
      ? toMessageSignatureBundle({ ...material, digest: createHash('sha256').update(payload).digest(), signature })
      : toDSSEBundle({ ...material, artifact: payload, artifactType: payloadType, signature });
  // A key id that is not of cosign's own making lets it pass over the signature: as with Chains, there is none.
  if (bundle.content.$case === 'dsseEnvelope') {
    bundle.content.dsseEnvelope.signatures = [{ sig: signature, keyid: '' }];
  }
  bundle.verificationMaterial.tlogEntries = (artifact.logEntries ?? []).map(({ entry, url }) => logEntry(entry, url));
  const rfc3161Timestamps = (artifact.timestamps ?? []).map(({ token }) => ({
    signedTimestamp: Buffer.from(token, 'base64'),
  }));
  bundle.verificationMaterial.timestampVerificationData =
    rfc3161Timestamps.length === 0 ? undefined : { rfc3161Timestamps };
  return bundle;
}

/** {@link sigstoreBundle} as compact JSON. */
export function sigstoreBundleText(artifact: SignedArtifact): string {
  return JSON.stringify(bundleToJSON(sigstoreBundle(artifact)));
}

/** A bundle from its JSON. @throws EvidenceError `PayloadInvalid` for anything that is not a complete bundle */
export function parseSigstoreBundle(text: string): Bundle {
  try {
    return bundleFromJSON(JSON.parse(text));
  } catch (error) {
    throw new EvidenceError('PayloadInvalid', 'it is not a Sigstore bundle', { cause: error });
  }
}

function keyMaterial({ certificate, publicKey }: SignedArtifact): { certificate: Buffer } | { keyHint: string } {
  if (certificate !== undefined) return { certificate: leaf(certificate.chain) };
  const der = createPublicKey(publicKey).export({ format: 'der', type: 'spki' });
  return { keyHint: createHash('sha256').update(der).digest('base64') };
}

function leaf(chain: string): Buffer {
  try {
    return new X509Certificate(chain).raw;
  } catch (error) {
    throw new EvidenceError('PayloadInvalid', 'its certificate cannot be read', { cause: error });
  }
}

function logEntry(text: string, url: string): Bundle['verificationMaterial']['tlogEntries'][number] {
  try {
    const { logId, kindVersion, ...entry } = TransparencyLogEntry.fromJSON(JSON.parse(text));
    if (logId === undefined || kindVersion === undefined) throw new TypeError('logId or kindVersion is missing');
    return { ...entry, logId, kindVersion };
  } catch (error) {
    throw new EvidenceError('PayloadInvalid', `its entry of ${url} cannot be read`, { cause: error });
  }
}
