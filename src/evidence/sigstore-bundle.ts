// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from 'node:crypto';
import { bundleFromJSON, bundleToJSON, toDSSEBundle, toMessageSignatureBundle } from '@sigstore/bundle';
import type { Bundle } from '@sigstore/bundle';
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { EvidenceError } from './evidence-error.ts';
import { publicKeyOf } from './public-key.ts';
import type { SignedArtifact } from './artifact.ts';

/** The media type of {@link sigstoreBundle}. */
export const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/**
 * Make a Sigstore bundle v0.3: a DSSE envelope for a statement, a message signature for a simple signing. It has only the signing
 * certificate, because verifiers take the chain from their trusted root.
 * @throws EvidenceError `PayloadInvalid` when a log entry or certificate of the artifact cannot be read
 */
export function sigstoreBundle(artifact: SignedArtifact): Bundle {
  const material = { ...keyMaterial(artifact), certificateChain: false };
  const { payload, payloadType, signature } = artifact;
  const bundle: Bundle =
    artifact.form === 'SimpleSigning'
      ? toMessageSignatureBundle({ ...material, digest: createHash('sha256').update(payload).digest(), signature })
      : toDSSEBundle({ ...material, artifact: payload, artifactType: payloadType, signature });
  // Cosign skips a signature with a key ID other than its own kind: leave it empty, as Chains does.
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

/** Parse the JSON of a bundle. @throws EvidenceError `PayloadInvalid` for an incomplete bundle */
export function parseSigstoreBundle(text: string): Bundle {
  try {
    return bundleFromJSON(JSON.parse(text));
  } catch (error) {
    throw new EvidenceError('PayloadInvalid', 'it is not a Sigstore bundle', { cause: error });
  }
}

function keyMaterial({ certificate, publicKey }: SignedArtifact): { certificate: Buffer } | { keyHint: string } {
  if (certificate !== undefined) return { certificate: leaf(certificate.chain) };
  const der = publicKeyOf(publicKey).export({ format: 'der', type: 'spki' });
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
