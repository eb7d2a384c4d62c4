// SPDX-License-Identifier: Apache-2.0
import type { CertificateAuthority, TransparencyLogInstance } from '@sigstore/protobuf-specs';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import { stringify } from 'yaml';
import { IMAGE_SIGNATURE_TYPE } from '../../verify/expectations.ts';
import { UsageError } from '../cli-error.ts';
import { imageScope } from './image-scope.ts';
import { policyControllerGlobs } from './image-globs.ts';
import { keyHashes } from './key-hashes.ts';
import { hasBundledSignatures, requiresTimestamp } from './policy-trust.ts';
import type { AdmissionOptions, PolicyTrust, VerifierConfiguration } from './policy-trust.ts';
import { certificatePem, publicKeyPem } from './root-pem.ts';

/**
 * Prints ClusterImagePolicies for Sigstore's policy-controller, and the TrustRoot that they need for certificates and logs. Every policy
 * that matches an image must pass, by one of its authorities, so signatures and provenance have a policy each.
 */
export function policyControllerTrust(material: PolicyTrust, options: AdmissionOptions): VerifierConfiguration {
  const { description, trustedRoot, keys, identity, allowedRepositories } = material;
  const wanted = imageChecks(material);
  const isPossible = ({ isInBundles }: ImageCheck): boolean => !isInBundles || identity !== undefined;
  const checks = wanted.filter(isPossible);
  if (checks.length === 0) throw new UsageError(keyInBundles(description));
  const globs = imageScope({ description, allowedRepositories, images: options.images }).flatMap(policyControllerGlobs);
  const objects = [
    ...(trustedRoot === undefined ? [] : [trustRoot(material)]),
    ...checks.map((check) => imagePolicy(material, { check, globs, isEnforced: options.isEnforced })),
  ];
  const isKeyIgnored = keys.length > 0 && checks.some(({ isInBundles }) => isInBundles);
  return {
    text: objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n'),
    keys: checks.every(({ isInBundles }) => isInBundles) ? [] : keys,
    notices: [
      ...wanted
        .filter((check) => !isPossible(check))
        .map(({ suffix }) => `the ${suffix} is not checked: ${keyInBundles(description)}`),
      ...(isKeyIgnored ? [`only the certificate identity is accepted: ${keyInBundles(description)}`] : []),
    ],
  };
}

/** One kind of evidence that an image must have. */
interface ImageCheck {
  readonly suffix: 'signature' | 'provenance';
  readonly isInBundles: boolean;
  /** Members that each authority has in addition to its signer. */
  readonly more: object;
}

function imageChecks(material: PolicyTrust): readonly ImageCheck[] {
  const { imageFormats, predicateType, isInBundles } = material;
  const ofSignatures = hasBundledSignatures(material);
  return [
    ...(imageFormats.length === 0
      ? []
      : [{ suffix: 'signature', isInBundles: ofSignatures, more: signatures(material, ofSignatures) } as const]),
    ...(predicateType === undefined
      ? []
      : [{ suffix: 'provenance', isInBundles, more: provenance(material, predicateType) } as const]),
  ];
}

function keyInBundles(description: string): string {
  return (
    `policy-controller 0.13 verifies bundles by certificate only, and ${description} keeps the evidence of keys in bundles. ` +
    'Let it sign SimpleSigning too, and store it in a backend with encoding: CosignTags'
  );
}

/** In bundles it reads only attestations, so image signatures are checked as cosign 3's attestation. */
function signatures(material: PolicyTrust, isInBundles: boolean): object {
  const attested = { attestations: [{ name: 'signature', predicateType: IMAGE_SIGNATURE_TYPE }] };
  return { ...(isInBundles ? attested : {}), ...evidenceForm({ ...material, isInBundles }, material.isTimestamped) };
}

function provenance(material: PolicyTrust, predicateType: string): object {
  const policy = { type: 'cue', data: expectedProvenance(material, predicateType) };
  const attestations = [{ name: 'provenance', predicateType, policy }];
  return { attestations, ...evidenceForm(material, requiresTimestamp(material)) };
}

/**
 * The values that provenance must have, in CUE, of which JSON strings are a part. A value that is only stated would be filled in where the
 * provenance has none, so each is also compared. A statement has a predicate type; without one, the expression itself would be in error.
 */
function expectedProvenance({ attestation: { builderID, buildType } }: PolicyTrust, predicateType: string): string {
  const isV1 = predicateType === 'https://slsa.dev/provenance/v1';
  const values: readonly ExpectedValue[] = [
    { path: isV1 ? ['runDetails', 'builder', 'id'] : ['builder', 'id'], value: builderID },
    ...(isV1 ? [{ path: ['buildDefinition', 'buildType'], value: buildType }] : []),
  ];
  return [
    ...values.map(({ path, value }) => `${['predicate', ...path].join('?: ')}?: ${JSON.stringify(value)}`),
    'predicateType?: string',
    'if predicateType != _|_ {',
    ...values.map(({ path, value }, index) => {
      const found = `(*${['predicate', ...path].join('.')} | null)`;
      return `\t_isExpected${index + 1}: true & (${found} == ${JSON.stringify(value)})`;
    }),
    '}',
    '',
  ].join('\n');
}

/** A value of the predicate, and the fields that lead to it. */
interface ExpectedValue {
  readonly path: readonly string[];
  readonly value: string;
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
  readonly check: ImageCheck;
  readonly isEnforced: boolean;
  readonly globs: readonly string[];
}

function imagePolicy(material: PolicyTrust, { check, isEnforced, globs }: ImagePolicyParts): object {
  return {
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: `${material.name}-${check.suffix}` },
    spec: {
      mode: isEnforced ? 'enforce' : 'warn',
      images: globs.map((glob) => ({ glob })),
      authorities: [...keyAuthorities(material, check), ...keylessAuthorities(material, check.more)],
    },
  };
}

function keyAuthorities(material: PolicyTrust, { isInBundles, more }: ImageCheck): readonly object[] {
  if (isInBundles) return [];
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
