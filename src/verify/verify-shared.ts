// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { certificateIdentity } from './checks/certificate-identity.ts';
import { readCertificate } from './checks/check-certificate.ts';
import type { CertificateIdentity } from './expectations.ts';
import { publicKeyOf } from '../evidence/public-key.ts';
import { isSignedBy } from '../evidence/signature-check.ts';
import type { StoredMaterial } from './verify-stored.ts';

/** The trust for another signature of the same policy. */
export interface SharedTrust {
  /** Public keys (PEM) of the policy, retired ones included. */
  readonly publicKeys: readonly string[];
  readonly identity?: CertificateIdentity | undefined;
  readonly trustedRoot?: TrustedRoot | undefined;
}

/**
 * Tells if evidence under a name that a TaskRun shares with its PipelineRun is another signature of the same image by the same policy: the
 * same payload, signed by one of the policy's keys, or with a certificate for its identity from an authority of its trusted root. Such a
 * signature is as good as the record's own. Fails closed.
 */
export function isSharedSignature(stored: StoredMaterial, expected: SignedArtifact, trust: SharedTrust): boolean {
  if (expected.form !== 'SimpleSigning' || stored.encoding !== 'SignatureText') return false;
  if (!stored.payload.equals(expected.payload)) return false;
  // This is the record's own signature, and something attached to it is lost or changed.
  if (stored.signature.equals(expected.signature)) return false;
  const { payload, signature, certificateChain = '' } = stored;
  try {
    if (certificateChain === '')
      return trust.publicKeys.some((pem) => isSignedBy(publicKeyOf(pem), payload, signature));
    const { node, sigstore } = readCertificate(new X509Certificate(certificateChain).raw);
    const { identity } = trust;
    const named = certificateIdentity(sigstore);
    const isNamed = named.identity === identity?.identity && named.issuer === identity.issuer;
    return isNamed && isIssued(node, trust.trustedRoot) && isSignedBy(node.publicKey, payload, signature);
  } catch {
    return false;
  }
}

/** Tells if an authority of the root issued the certificate, and was itself valid at the start of its validity. */
function isIssued(leaf: X509Certificate, root: TrustedRoot | undefined): boolean {
  const time = leaf.validFromDate;
  const trusted = (root?.certificateAuthorities ?? []).filter(
    ({ validFor: { start, end } = {} }) => (start === undefined || start <= time) && (end === undefined || time <= end),
  );
  return trusted
    .flatMap(({ certChain }) => certChain?.certificates ?? [])
    .some(({ rawBytes }) => {
      const authority = new X509Certificate(rawBytes);
      const isValid = authority.validFromDate <= time && time <= authority.validToDate;
      return authority.ca && isValid && leaf.verify(authority.publicKey);
    });
}
