// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { der, oid, time } from './der.ts';

/** A certificate and the private key (P-256) that belongs to it. */
export interface IssuedCertificate {
  readonly name: string;
  /** PEM. */
  readonly certificate: string;
  readonly der: Buffer;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface CertificateRequest {
  /** The common name. */
  readonly name: string;
  /** The issuer; the certificate signs itself if absent. */
  readonly issuer?: IssuedCertificate;
  readonly isAuthority?: boolean;
  readonly usage?: 'CodeSigning' | 'TimeStamping' | 'ServerAuth';
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Subject alternative names: an address of 4 bytes, or a URI. */
  readonly addresses?: readonly string[];
  readonly uri?: string;
  /** Fulcio's extension for the OIDC issuer. */
  readonly oidcIssuer?: string;
  /** Further subject alternative names, in DER. */
  readonly names?: readonly Buffer[];
  /** Further extensions: id, and value in DER. */
  readonly extensions?: readonly (readonly [id: string, value: Buffer])[];
}

const ECDSA_WITH_SHA256 = der(0x30, oid('1.2.840.10045.4.3.2'));
const usages = { ServerAuth: '1.3.6.1.5.5.7.3.1', CodeSigning: '1.3.6.1.5.5.7.3.3', TimeStamping: '1.3.6.1.5.5.7.3.8' };
const TRUE = der(0x01, Buffer.from([0xff]));
const DAY_MS = 86_400_000;

/** Makes a key and a certificate for it (RFC 5280): Node can read certificates, and makes none. */
export function issueCertificate(request: CertificateRequest): IssuedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { name, issuer = { name, privateKey, publicKey } } = request;
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer.name),
    der(0x30, ...validity(request).map(time)),
    distinguishedName(name),
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, der(0x30, ...extensions(request, publicKey, issuer.publicKey))),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, issuer.privateKey));
  const bytes = der(0x30, body, ECDSA_WITH_SHA256, signature);
  return { name, certificate: pem(bytes), der: bytes, privateKey, publicKey };
}

/** Valid since an hour and for ten years, unless asked otherwise. */
function validity({ notBefore, notAfter }: CertificateRequest): [Date, Date] {
  return [notBefore ?? new Date(Date.now() - DAY_MS / 24), notAfter ?? new Date(Date.now() + 3650 * DAY_MS)];
}

function extensions(request: CertificateRequest, subject: KeyObject, issuer: KeyObject): Buffer[] {
  const { isAuthority = false, usage, addresses = [], uri, oidcIssuer, extensions: further = [] } = request;
  const keyUsage = isAuthority ? Buffer.from([1, 0x06]) : Buffer.from([7, 0x80]);
  const names = [
    ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
    ...(uri === undefined ? [] : [der(0x86, Buffer.from(uri))]),
    ...(request.names ?? []),
  ];
  return [
    extension('2.5.29.19', true, isAuthority ? der(0x30, TRUE) : der(0x30)),
    extension('2.5.29.15', true, der(0x03, keyUsage)),
    // RFC 3161 wants the purpose of a timestamping certificate to be critical.
    ...(usage === undefined ? [] : [extension('2.5.29.37', usage === 'TimeStamping', der(0x30, oid(usages[usage])))]),
    extension('2.5.29.14', false, der(0x04, keyIdentifier(subject))),
    extension('2.5.29.35', false, der(0x30, der(0x80, keyIdentifier(issuer)))),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', false, der(0x30, ...names))]),
    ...(oidcIssuer === undefined
      ? []
      : [extension('1.3.6.1.4.1.57264.1.8', false, der(0x0c, Buffer.from(oidcIssuer)))]),
    ...further.map(([id, value]) => extension(id, false, value)),
  ];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return der(0x30, oid(id), ...(critical ? [TRUE] : []), der(0x04, value));
}

function distinguishedName(name: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(0x0c, Buffer.from(name)))));
}

/** The SHA-1 of the key bits, method 1 of RFC 5280, section 4.2.1.2; a P-256 key's are the last 65 bytes. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ format: 'der', type: 'spki' }).subarray(-65))
    .digest();
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
