// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import type { CertificateAuthority, TransparencyLogInstance } from '@sigstore/protobuf-specs';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import type { PolicyTrust } from './policy-trust.ts';
import { certificatePem, publicKeyPem } from './root-pem.ts';

/** The proof of when something was signed that policy-controller 0.13 checks: it looks at one alone. */
export type TimeProof = 'Log' | 'Timestamp' | 'None';

/**
 * Selects the log where it can be checked, and else the timestamp. It finds no log of a TrustRoot for bundles, and has no use for the
 * timestamps of attestations in tags, where it expects one of the envelope: ours covers the signature.
 */
export function timeProof(
  material: PolicyTrust,
  { isInBundles, isSignature }: { readonly isInBundles: boolean; readonly isSignature: boolean },
): TimeProof {
  if (!isInBundles && hasCheckableLog(material)) return 'Log';
  const { isTimestamped, trustedRoot } = material;
  const isTimed = isTimestamped && (trustedRoot?.timestampAuthorities ?? []).length > 0;
  return isTimed && (isInBundles || isSignature) ? 'Timestamp' : 'None';
}

/** Entries of Rekor v2 have no time, and a TrustRoot without a certificate authority or timestamp authority is refused as a whole. */
function hasCheckableLog(material: PolicyTrust): boolean {
  const { isLogged, logVersion, trustedRoot } = material;
  const { certificateAuthorities = [], timestampAuthorities = [] } = trustedRoot ?? {};
  const hasRoot = certificateAuthorities.length + timestampAuthorities.length > 0;
  return isLogged && logVersion === 1 && hasRoot && acceptedLogs(material).length > 0;
}

/** Makes the TrustRoot with the authorities and logs of a policy. */
export function trustRoot(material: PolicyTrust): object {
  const { name, trustedRoot } = material;
  const authority = authorityIn(material);
  const sigstoreKeys = {
    certificateAuthorities: trustedRoot?.certificateAuthorities.map(authority) ?? [],
    tLogs: acceptedLogs(material).map(logOf),
    ctLogs: trustedRoot?.ctlogs.map(logOf) ?? [],
    timestampAuthorities: trustedRoot?.timestampAuthorities.map(authority) ?? [],
  };
  return {
    apiVersion: 'policy.sigstore.dev/v1alpha1',
    kind: 'TrustRoot',
    metadata: { name },
    spec: { sigstoreKeys },
  };
}

/** A log with another kind of key, such as those of Rekor v2, has the whole TrustRoot refused. The last one is asked for entries. */
function acceptedLogs({ trustedRoot, logURL }: PolicyTrust): readonly TransparencyLogInstance[] {
  const isOwn = ({ baseUrl }: TransparencyLogInstance): number => Number(baseUrl === logURL);
  return (trustedRoot?.tlogs ?? []).filter(hasEcdsaKey).toSorted((one, other) => isOwn(one) - isOwn(other));
}

function hasEcdsaKey({ publicKey }: TransparencyLogInstance): boolean {
  if (publicKey === undefined) return false;
  try {
    return createPublicKey(publicKeyPem(publicKey)).asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}

/** The names and the address only describe an authority, and a TrustRoot without them is refused. */
function authorityIn({ name }: PolicyTrust): (authority: CertificateAuthority) => object {
  return ({ subject, uri, certChain }) => {
    const pem = (certChain?.certificates ?? []).map(certificatePem).join('');
    const { organization = '', commonName = '' } = subject ?? {};
    return {
      subject: { organization: organization || name, commonName: commonName || name },
      uri: uri || 'https://authority.invalid',
      certChain: Buffer.from(pem).toString('base64'),
    };
  };
}

const hashes: Partial<Record<HashAlgorithm, string>> = {
  [HashAlgorithm.SHA2_256]: 'sha-256',
  [HashAlgorithm.SHA2_384]: 'sha-384',
  [HashAlgorithm.SHA2_512]: 'sha-512',
};

function logOf({ baseUrl, hashAlgorithm, publicKey }: TransparencyLogInstance): object {
  const pem = publicKey === undefined ? '' : publicKeyPem(publicKey);
  return {
    baseURL: baseUrl,
    hashAlgorithm: hashes[hashAlgorithm] ?? 'sha-256',
    publicKey: Buffer.from(pem).toString('base64'),
  };
}
