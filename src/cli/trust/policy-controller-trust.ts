// SPDX-License-Identifier: Apache-2.0
import type { CertificateAuthority, TransparencyLogInstance } from '@sigstore/protobuf-specs';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import { stringify } from 'yaml';
import { IMAGE_SIGNATURE_TYPE } from '../../verify/expectations.ts';
import type { PolicyTrust } from './policy-trust.ts';
import { requiresTimestamp } from './policy-trust.ts';
import { certificatePem, publicKeyPem } from './root-pem.ts';

/**
 * Prints ClusterImagePolicies for Sigstore's policy-controller, and the TrustRoot that they need for certificates and logs. Every policy
 * that matches an image must pass, by one of its authorities, so signatures and provenance have a policy each.
 */
export function policyControllerTrust(material: PolicyTrust): string {
  const { predicateType, imageFormats, trustedRoot } = material;
  const objects = [
    ...(trustedRoot === undefined ? [] : [trustRoot(material)]),
    ...(imageFormats.length > 0 ? [imagePolicy(material, 'signature', signatures(material))] : []),
    ...(predicateType === undefined ? [] : [imagePolicy(material, 'provenance', provenance(material, predicateType))]),
  ];
  return objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
}

/** In bundles it reads only attestations, so image signatures are checked as cosign 3's attestation. */
function signatures(material: PolicyTrust): object {
  const attested = { attestations: [{ name: 'signature', predicateType: IMAGE_SIGNATURE_TYPE }] };
  return { ...(material.isInBundles ? attested : {}), ...evidenceForm(material, material.isTimestamped) };
}

function provenance(material: PolicyTrust, predicateType: string): object {
  const attestations = [{ name: 'provenance', predicateType }];
  return { attestations, ...evidenceForm(material, requiresTimestamp(material)) };
}

/** The format of the evidence, and the accepted timestamp authorities. */
function evidenceForm({ name, trustedRoot, isInBundles }: PolicyTrust, areNeeded: boolean): object {
  const isTrusted = areNeeded && trustedRoot !== undefined;
  return {
    ...(isTrusted ? { rfc3161timestamp: { trustRootRef: name } } : {}),
    ...(isInBundles ? { signatureFormat: 'bundle' } : {}),
  };
}

function imagePolicy(material: PolicyTrust, suffix: string, more: object): object {
  const { name, images, keys, identity, trustedRoot, isLogged } = material;
  const [log] = trustedRoot?.tlogs ?? [];
  const ctlog = isLogged ? { ctlog: { ...(log === undefined ? {} : { url: log.baseUrl }), trustRootRef: name } } : {};
  const [authority] = trustedRoot?.certificateAuthorities ?? [];
  const authorities = [
    ...keys.map(({ publicKey }, index) => ({
      name: `key-${index + 1}`,
      key: { data: publicKey },
      ...ctlog,
      ...more,
    })),
    ...(identity === undefined
      ? []
      : [
          {
            name: 'keyless',
            keyless: {
              ...(authority === undefined ? {} : { url: authority.uri }),
              trustRootRef: name,
              ...((trustedRoot?.ctlogs.length ?? 0) === 0 ? { insecureIgnoreSCT: true } : {}),
              identities: [{ issuer: identity.issuer, subject: identity.identity }],
            },
            ...ctlog,
            ...more,
          },
        ]),
  ];
  return {
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: `${name}-${suffix}` },
    spec: {
      images: images.length === 0 ? [{ glob: '**' }] : images.map((glob) => ({ glob: `${glob}**` })),
      authorities,
    },
  };
}

function trustRoot({ name, trustedRoot }: PolicyTrust): object {
  const sigstoreKeys = {
    certificateAuthorities: trustedRoot?.certificateAuthorities.map(authorityOf) ?? [],
    tLogs: trustedRoot?.tlogs.map(logOf) ?? [],
    ctLogs: trustedRoot?.ctlogs.map(logOf) ?? [],
    timestampAuthorities: trustedRoot?.timestampAuthorities.map(authorityOf) ?? [],
  };
  return {
    apiVersion: 'policy.sigstore.dev/v1alpha1',
    kind: 'TrustRoot',
    metadata: { name },
    spec: { sigstoreKeys },
  };
}

function authorityOf({ subject, uri, certChain }: CertificateAuthority): object {
  const pem = (certChain?.certificates ?? []).map(certificatePem).join('');
  const { organization = '', commonName = '' } = subject ?? {};
  return { subject: { organization, commonName }, uri, certChain: Buffer.from(pem).toString('base64') };
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
