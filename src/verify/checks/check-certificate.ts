// SPDX-License-Identifier: Apache-2.0
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { X509Certificate } from '@sigstore/core';
import { certificateIdentity } from './certificate-identity.ts';
import type { CertificateIdentity } from '../expectations.ts';
import { VerificationFailure } from '../verification-failure.ts';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** A signing certificate, parsed by both parsers that the checks need. */
export interface SigningCertificate {
  readonly der: Buffer;
  readonly node: NodeCertificate;
  readonly sigstore: X509Certificate;
}

/**
 * Parses a certificate that is for code signing, is not an authority's, and names exactly one identity. With two identities, different
 * checks could see different ones. @throws VerificationFailure
 */
export function readCertificate(der: Buffer): SigningCertificate {
  const certificate = parse(der);
  const { node, sigstore } = certificate;
  if (node.ca) throw invalid('the signing certificate is one of an authority');
  if (!node.keyUsage.includes(CODE_SIGNING)) throw invalid('the certificate is not for signing code');
  const ids = sigstore.extensions.map((extension) => extension.subs[0]?.toOID());
  if (new Set(ids).size !== ids.length) throw invalid('the certificate states an extension twice');
  const names = sigstore.extSubjectAltName?.valueObj.subs[0]?.subs.length ?? 0;
  if (names !== 1) throw invalid(`the certificate names ${names} identities and must name exactly one`);
  return certificate;
}

/** Compares identity and issuer in full, never as a part or pattern. @throws VerificationFailure */
export function requireIdentity(
  certificate: SigningCertificate,
  accepted: readonly CertificateIdentity[],
): CertificateIdentity {
  const { identity, issuer } = certificateIdentity(certificate.sigstore);
  if (accepted.some((wanted) => wanted.identity === identity && wanted.issuer === issuer)) return { identity, issuer };
  const message = `the certificate was issued to "${identity}" by "${issuer}", which is not accepted`;
  throw new VerificationFailure('IdentityMismatch', message);
}

function parse(der: Buffer): SigningCertificate {
  try {
    const node = new NodeCertificate(der);
    // Both parsers must have read the same bytes, so nothing may follow the certificate.
    if (!node.raw.equals(der)) throw new TypeError('bytes follow the certificate');
    return { der, node, sigstore: X509Certificate.parse(Buffer.from(der)) };
  } catch (error) {
    throw new VerificationFailure('MaterialInvalid', 'the certificate cannot be read', { cause: error });
  }
}

function invalid(message: string): VerificationFailure {
  return new VerificationFailure('CertificateInvalid', message);
}
