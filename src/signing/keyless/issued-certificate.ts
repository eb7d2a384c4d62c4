// SPDX-License-Identifier: Apache-2.0
import { X509Certificate as NodeCertificate, type KeyObject } from 'node:crypto';
import { X509Certificate } from '@sigstore/core';
import type { SigningCertificate } from '../run-signer.ts';
import { SigningError } from '../signing-error.ts';

/** The expectations of a requested certificate. */
export interface ExpectedCertificate {
  /** Fulcio, for messages. */
  readonly authority: string;
  readonly publicKey: KeyObject;
  /** The issuer of the token. */
  readonly issuer: string;
  /** The name of the ServiceAccount in certificates of a Fulcio that treats the issuer as a cluster; undefined for another subject. */
  readonly identity: string | undefined;
  readonly now: Date;
}

/** The prefix of identities of ServiceAccounts. */
const CLUSTER_IDENTITY = 'https://kubernetes.io/namespaces/';
const ISSUER_OID = '1.3.6.1.4.1.57264.1.8';
/** The same as raw bytes, where the authority is older. */
const OLD_ISSUER_OID = '1.3.6.1.4.1.57264.1.1';
/** The tolerance for an authority's clock that is ahead. */
const SKEW_MS = 60_000;
const MAX_CHAIN_LENGTH = 32_768;

/**
 * The certificate that Fulcio issued, once it is certain that it is about this key, holds now and names whom it was asked for.
 * @param pems the leaf first @throws SigningError `SignerUnavailable`
 */
export function issuedCertificate(pems: readonly string[], expected: ExpectedCertificate): SigningCertificate {
  const fault = (what: string): SigningError =>
    new SigningError(
      'SignerUnavailable',
      `${expected.authority} gave a certificate ${what}; nothing is signed with it`,
    );
  const chain = pems.map((pem) => `${pem.trim()}\n`).join('');
  if (chain.length > MAX_CHAIN_LENGTH) throw fault(`with a chain of more than ${MAX_CHAIN_LENGTH} characters`);
  const certificates = parsed(pems, fault);
  const [leaf] = certificates;
  if (leaf === undefined) throw fault('that cannot be read');
  if (!leaf.publicKey.equals(expected.publicKey)) throw fault('of another key');
  certificates.slice(1).forEach((issuer, index) => {
    if (certificates[index]?.verify(issuer.publicKey) !== true) throw fault('that its own chain did not sign');
  });
  const [notBefore, notAfter] = [new Date(leaf.validFrom), new Date(leaf.validTo)];
  const now = expected.now.getTime();
  if (notAfter.getTime() <= now || notBefore.getTime() > now + SKEW_MS) throw fault('that does not hold now');
  const { identity, issuer } = names(leaf.raw, fault);
  if (issuer !== expected.issuer) throw fault("that does not name the token's issuer");
  // Issuers of other types have identities of their own making.
  if (identity.startsWith(CLUSTER_IDENTITY) && identity !== expected.identity) throw fault('of another ServiceAccount');
  return { chain, identity, issuer, notBefore, notAfter };
}

type Fault = (what: string) => SigningError;

function parsed(pems: readonly string[], fault: Fault): readonly NodeCertificate[] {
  try {
    return pems.map((pem) => new NodeCertificate(pem));
  } catch {
    throw fault('that cannot be read');
  }
}

function names(der: Buffer, fault: Fault): { readonly identity: string; readonly issuer: string } {
  let identity: string | undefined;
  let issuer: string | undefined;
  try {
    const certificate = X509Certificate.parse(Buffer.from(der));
    identity = certificate.subjectAltName;
    issuer =
      certificate.extension(ISSUER_OID)?.valueObj.subs[0]?.value.toString('utf8') ??
      certificate.extension(OLD_ISSUER_OID)?.value.toString('utf8');
  } catch {
    throw fault('that cannot be read');
  }
  if (identity === undefined || identity === '' || issuer === undefined || issuer === '')
    throw fault('without an identity or issuer');
  return { identity, issuer };
}
