// SPDX-License-Identifier: Apache-2.0
import type { X509Certificate } from '@sigstore/core';
import type { CertificateIdentity } from '../expectations.ts';
import { VerificationFailure } from '../verification-failure.ts';

const ISSUER_V1 = '1.3.6.1.4.1.57264.1.1';
const ISSUER_V2 = '1.3.6.1.4.1.57264.1.8';
/** Context-specific tags of a GeneralName (RFC 5280, section 4.2.1.6). */
const EMAIL = 0x01;
const URI = 0x06;
const UTF8_STRING = 0x0c;

/**
 * Reads the identity in a certificate, and the OIDC issuer that authenticated it. Sigstore's own reader drops the highest bit of each byte,
 * so another name could read like the accepted one. @throws VerificationFailure if either is missing or ambiguous
 */
export function certificateIdentity(certificate: X509Certificate): CertificateIdentity {
  const [name] = certificate.extSubjectAltName?.valueObj.subs[0]?.subs ?? [];
  const isName = name?.tag.isContextSpecific(EMAIL) === true || name?.tag.isContextSpecific(URI) === true;
  if (name === undefined || !isName) throw unnamed('it names neither a URI nor an email address');
  return { identity: ascii(name.value), issuer: issuerOf(certificate) };
}

/** Fulcio states the issuer twice: as bare bytes for older verifiers, and as an ASN.1 string. */
function issuerOf(certificate: X509Certificate): string {
  const older = certificate.extension(ISSUER_V1);
  const newer = certificate.extension(ISSUER_V2);
  const issuers = [
    ...(older === undefined ? [] : [utf8(older.value)]),
    ...(newer === undefined ? [] : [issuerString(newer)]),
  ];
  const [issuer, other = issuer] = issuers;
  if (issuer === undefined || issuer === '') throw unnamed('it names no issuer');
  if (issuer === other) return issuer;
  throw unnamed(`it names two issuers, "${issuer}" and "${other}"`);
}

function issuerString({ valueObj }: NonNullable<ReturnType<X509Certificate['extension']>>): string {
  const [text, ...more] = valueObj.subs;
  if (text?.tag.number === UTF8_STRING && text.tag.isUniversal() && more.length === 0) return utf8(text.value);
  throw unnamed('its issuer is not text');
}

function ascii(bytes: Buffer): string {
  if (bytes.length > 0 && bytes.every((byte) => byte >= 0x21 && byte <= 0x7e)) return bytes.toString('ascii');
  throw unnamed('its name is not plain text');
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unnamed('its issuer is not text');
  }
}

function unnamed(why: string): VerificationFailure {
  return new VerificationFailure('IdentityMismatch', `the identity in the certificate cannot be determined: ${why}`);
}
