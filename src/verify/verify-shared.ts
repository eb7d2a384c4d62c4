// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, X509Certificate } from 'node:crypto';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { certificateIdentity } from './checks/certificate-identity.ts';
import { readCertificate } from './checks/check-certificate.ts';
import type { CertificateIdentity } from './expectations.ts';
import { isSignedBy } from '../evidence/signature-check.ts';
import type { StoredMaterial } from './verify-stored.ts';

/** What another signature of the same policy may verify with. */
export interface SharedTrust {
  /** Public keys (PEM) of the policy, retired ones included. */
  readonly publicKeys: readonly string[];
  readonly identity?: CertificateIdentity | undefined;
  readonly trustedRoot?: TrustedRoot | undefined;
}

/**
 * Whether what lies under a name that a TaskRun and its PipelineRun share is another signature of the same image by the same policy: the
 * very payload, signed by one of its keys, or with a certificate that an authority of its trusted root issued to its identity. Such a
 * signature is as good as the record's own. Fails closed.
 */
export function isSharedSignature(stored: StoredMaterial, expected: SignedArtifact, trust: SharedTrust): boolean {
  if (expected.form !== 'SimpleSigning' || stored.encoding !== 'SignatureText') return false;
  if (!stored.payload.equals(expected.payload)) return false;
  // It is the record's own, and something else beside it is lost or changed.
  if (stored.signature.equals(expected.signature)) return false;
  const { payload, signature, certificateChain = '' } = stored;
  try {
    if (certificateChain === '')
      return trust.publicKeys.some((pem) => isSignedBy(createPublicKey(pem), payload, signature));
    const { node, sigstore } = readCertificate(new X509Certificate(certificateChain).raw);
    const { identity } = trust;
    const named = certificateIdentity(sigstore);
    const isNamed = named.identity === identity?.identity && named.issuer === identity.issuer;
    return isNamed && isIssued(node, trust.trustedRoot) && isSignedBy(node.publicKey, payload, signature);
  } catch {
    return false;
  }
}

/** Whether an authority of the root signed the certificate, and could when its validity began. */
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
