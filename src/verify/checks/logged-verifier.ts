// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { Verifier } from '@sigstore/protobuf-specs/rekor/v2';
import { Entry } from '@sigstore/protobuf-specs/rekor/v2';
import { field, listField } from '../../json/fields.ts';
import { VerificationFailure } from '../verification-failure.ts';

/** The signer that a log entry names. */
type LoggedVerifier =
  { readonly type: 'Certificate'; readonly der: Buffer } | { readonly type: 'PublicKey'; readonly der: Buffer };

/**
 * Refuses an entry that names another key or certificate than the verified one. Sigstore's verifier compares only signature and digest,
 * so without this check another signer's entry for the same bytes would pass. @throws VerificationFailure
 */
export function requireLoggedBy(
  entry: TransparencyLogEntry,
  signer: { readonly publicKey: KeyObject; readonly certificate: Buffer | undefined },
): void {
  const logged = loggedVerifier(entry);
  const isSame =
    logged.type === 'Certificate'
      ? signer.certificate?.equals(logged.der) === true
      : signer.certificate === undefined && signer.publicKey.export({ format: 'der', type: 'spki' }).equals(logged.der);
  if (!isSame)
    throw new VerificationFailure('LogEntryInvalid', 'the log entry names another key than the one that signed');
}

function loggedVerifier({ canonicalizedBody, kindVersion }: TransparencyLogEntry): LoggedVerifier {
  try {
    const body: unknown = JSON.parse(canonicalizedBody.toString('utf8'));
    switch (`${kindVersion.kind} ${kindVersion.version}`) {
      case 'dsse 0.0.1':
        return fromPem(field(listField(field(body, 'spec'), 'signatures')[0], 'verifier'));
      case 'hashedrekord 0.0.1':
        return fromPem(field(field(field(field(body, 'spec'), 'signature'), 'publicKey'), 'content'));
      default:
        return fromMessage(verifierOf(Entry.fromJSON(body)));
    }
  } catch (error) {
    if (error instanceof VerificationFailure) throw error;
    throw unreadable(error);
  }
}

function verifierOf({ spec }: Entry): Verifier | undefined {
  switch (spec?.spec?.$case) {
    case 'dsseV002':
      return spec.spec.dsseV002.signatures[0]?.verifier;
    case 'hashedRekordV002':
      return spec.spec.hashedRekordV002.signature?.verifier;
    default:
      return undefined;
  }
}

/** Reads Rekor v1's base64 of PEM. */
function fromPem(content: unknown): LoggedVerifier {
  if (typeof content !== 'string') throw unreadable();
  const pem = Buffer.from(content, 'base64').toString('utf8');
  if (pem.includes('BEGIN CERTIFICATE')) return { type: 'Certificate', der: new X509Certificate(pem).raw };
  return { type: 'PublicKey', der: createPublicKey(pem).export({ format: 'der', type: 'spki' }) };
}

function fromMessage(verifier: Verifier | undefined): LoggedVerifier {
  switch (verifier?.verifier?.$case) {
    case 'x509Certificate':
      return { type: 'Certificate', der: verifier.verifier.x509Certificate.rawBytes };
    case 'publicKey':
      return { type: 'PublicKey', der: verifier.verifier.publicKey.rawBytes };
    default:
      throw unreadable();
  }
}

function unreadable(cause?: unknown): VerificationFailure {
  return new VerificationFailure('LogEntryInvalid', 'the body of the log entry cannot be read', { cause });
}
