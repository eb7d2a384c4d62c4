// SPDX-License-Identifier: Apache-2.0
import type { CertificateAuthority, TransparencyLogInstance } from '@sigstore/protobuf-specs';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import { stringify } from 'yaml';
import { IMAGE_SIGNATURE_TYPE } from '../../verify/expectations.ts';
import { UsageError } from '../cli-error.ts';
import { imageScope } from './image-scope.ts';
import { policyControllerGlobs } from './image-globs.ts';
import { keyHashes } from './key-hashes.ts';
import { requiresTimestamp } from './policy-trust.ts';
import type { AdmissionOptions, PolicyTrust, VerifierConfiguration } from './policy-trust.ts';
import { certificatePem, publicKeyPem } from './root-pem.ts';

/**
 * Prints ClusterImagePolicies for Sigstore's policy-controller, and the TrustRoot that they need for certificates and logs. Every policy
 * that matches an image must pass, by one of its authorities, so signatures and provenance have a policy each.
 */
export function policyControllerTrust(material: PolicyTrust, options: AdmissionOptions): VerifierConfiguration {
  const { description, predicateType, imageFormats, trustedRoot, keys, identity, isInBundles, allowedRepositories } =
    material;
  if (isInBundles && identity === undefined) throw new UsageError(keyInBundles(description));
  const scope = imageScope({ description, allowedRepositories, images: options.images });
  const print = (suffix: string, more: object): object =>
    imagePolicy(material, {
      suffix,
      more,
      isEnforced: options.isEnforced,
      globs: scope.flatMap(policyControllerGlobs),
    });
  const objects = [
    ...(trustedRoot === undefined ? [] : [trustRoot(material)]),
    ...(imageFormats.length > 0 ? [print('signature', signatures(material))] : []),
    ...(predicateType === undefined ? [] : [print('provenance', provenance(material, predicateType))]),
  ];
  return {
    text: objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n'),
    notices:
      isInBundles && keys.length > 0 ? [`only the certificate identity is accepted: ${keyInBundles(description)}`] : [],
  };
}

function keyInBundles(description: string): string {
  return (
    `policy-controller 0.13 verifies bundles by certificate only, and ${description} keeps the evidence of keys in bundles. ` +
    'Let it sign SimpleSigning too, and store it in a backend with encoding: CosignTags'
  );
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

interface ImagePolicyParts {
  readonly suffix: string;
  /** Members that each authority has in addition to its signer. */
  readonly more: object;
  readonly isEnforced: boolean;
  readonly globs: readonly string[];
}

function imagePolicy(material: PolicyTrust, { suffix, more, isEnforced, globs }: ImagePolicyParts): object {
  return {
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: `${material.name}-${suffix}` },
    spec: {
      mode: isEnforced ? 'enforce' : 'warn',
      images: globs.map((glob) => ({ glob })),
      authorities: [...keyAuthorities(material, more), ...keylessAuthorities(material, more)],
    },
  };
}

function keyAuthorities(material: PolicyTrust, more: object): readonly object[] {
  if (material.isInBundles) return [];
  return material.keys.flatMap(({ publicKey }, index) =>
    keyHashes(publicKey).map((hashAlgorithm) => ({
      name: `key-${index + 1}-${hashAlgorithm}`,
      key: { data: publicKey, hashAlgorithm },
      ...logged(material),
      ...more,
    })),
  );
}

function keylessAuthorities(material: PolicyTrust, more: object): readonly object[] {
  const { name, identity, trustedRoot } = material;
  if (identity === undefined) return [];
  const [authority] = trustedRoot?.certificateAuthorities ?? [];
  const keyless = {
    ...(authority === undefined ? {} : { url: authority.uri }),
    trustRootRef: name,
    ...((trustedRoot?.ctlogs.length ?? 0) === 0 ? { insecureIgnoreSCT: true } : {}),
    identities: [{ issuer: identity.issuer, subject: identity.identity }],
  };
  return [{ name: 'keyless', keyless, ...logged(material), ...more }];
}

function logged({ name, isLogged, trustedRoot }: PolicyTrust): object {
  if (!isLogged) return {};
  const [log] = trustedRoot?.tlogs ?? [];
  return { ctlog: { ...(log === undefined ? {} : { url: log.baseUrl }), trustRootRef: name } };
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
