// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import { IMAGE_SIGNATURE_TYPE } from '../../verify/expectations.ts';
import { UsageError } from '../cli-error.ts';
import { imageScope } from './image-scope.ts';
import { policyControllerGlobs } from './image-globs.ts';
import { keyHashes } from './key-hashes.ts';
import { timeProof, trustRoot } from './policy-controller-root.ts';
import type { TimeProof } from './policy-controller-root.ts';
import { hasBundledSignatures } from './policy-trust.ts';
import type { AdmissionOptions, PolicyTrust, VerifierConfiguration } from './policy-trust.ts';
import { YAML_OUTPUT } from '../yaml-output.ts';

/**
 * Prints ClusterImagePolicies for Sigstore's policy-controller, and the TrustRoot that they need for certificates and logs. Every policy
 * that matches an image must pass, by one of its authorities, so signatures and provenance have a policy each.
 */
export function policyControllerTrust(material: PolicyTrust, options: AdmissionOptions): VerifierConfiguration {
  const { description, keys, allowedRepositories } = material;
  const wanted = imageChecks(material);
  const checks = wanted.filter(({ obstacle }) => obstacle === undefined);
  const [first] = wanted;
  if (first?.obstacle !== undefined && checks.length === 0) throw new UsageError(first.obstacle);
  const globs = imageScope({ description, allowedRepositories, images: options.images }).flatMap(policyControllerGlobs);
  const objects = [
    ...(checks.some(({ proof }) => proof !== 'None') ? [trustRoot(material)] : []),
    ...checks.map((check) => imagePolicy(material, { check, globs, isEnforced: options.isEnforced })),
  ];
  const isKeyIgnored = keys.length > 0 && checks.some(({ isInBundles }) => isInBundles);
  return {
    text: objects.map((object) => stringify(object, YAML_OUTPUT)).join('---\n'),
    keys: checks.every(({ isInBundles }) => isInBundles) ? [] : keys,
    notices: [
      ...wanted.flatMap(({ suffix, obstacle }) =>
        obstacle === undefined ? [] : [`the ${suffix} is not checked: ${obstacle}`],
      ),
      ...(material.isLogged && checks.some(({ proof }) => proof !== 'Log') ? [LOG_UNCHECKED] : []),
      ...(isKeyIgnored ? [`only the certificate identity is accepted: ${keyInBundles(description)}`] : []),
    ],
  };
}

/** One kind of evidence that an image must have. */
interface ImageCheck {
  readonly suffix: 'signature' | 'provenance';
  readonly isInBundles: boolean;
  readonly proof: TimeProof;
  /** The reason why it would refuse every image. */
  readonly obstacle?: string;
  /** The attestations that it looks for; none for a signature in tags. */
  readonly attestations: readonly object[];
}

function imageChecks(material: PolicyTrust): readonly ImageCheck[] {
  const { imageFormats, predicateType } = material;
  return [
    ...(imageFormats.length === 0 ? [] : [signatureCheck(material)]),
    ...(predicateType === undefined ? [] : [provenanceCheck(material, predicateType)]),
  ];
}

/** In bundles it reads only attestations, so image signatures are checked as cosign 3's attestation. */
function signatureCheck(material: PolicyTrust): ImageCheck {
  const isInBundles = hasBundledSignatures(material);
  const attestations = isInBundles ? [{ name: 'signature', predicateType: IMAGE_SIGNATURE_TYPE }] : [];
  const proof = timeProof(material, { isInBundles, isSignature: true });
  return withObstacle(material, { suffix: 'signature', isInBundles, proof, attestations });
}

function provenanceCheck(material: PolicyTrust, predicateType: string): ImageCheck {
  const { isInBundles } = material;
  const policy = { type: 'cue', data: expectedProvenance(material, predicateType) };
  const attestations = [{ name: 'provenance', predicateType, policy }];
  const proof = timeProof(material, { isInBundles, isSignature: false });
  return withObstacle(material, { suffix: 'provenance', isInBundles, proof, attestations });
}

/** The check with the reason why it would refuse every image, if there is one. */
function withObstacle({ description, identity, logVersion }: PolicyTrust, check: ImageCheck): ImageCheck {
  const { isInBundles, proof } = check;
  if (isInBundles && identity === undefined) return { ...check, obstacle: keyInBundles(description) };
  if (isInBundles && logVersion === 2) return { ...check, obstacle: TILED_IN_BUNDLES };
  return identity !== undefined && proof === 'None' ? { ...check, obstacle: timeless(description) } : check;
}

const TILED_IN_BUNDLES =
  'policy-controller 0.13 cannot read bundles with entries of Rekor v2. Let the policy use a log of version 1, or timestamps alone';

function keyInBundles(description: string): string {
  return (
    `policy-controller 0.13 verifies bundles by certificate only, and ${description} keeps the evidence of keys in bundles. ` +
    'Let it sign SimpleSigning too, and store it in a backend with encoding: CosignTags'
  );
}

const LOG_UNCHECKED =
  "entries in the log are not checked: policy-controller 0.13 checks those of Rekor v1 in cosign's tags alone, of a log whose key is on an " +
  'elliptic curve, and if the trusted root has a certificate authority or a timestamp authority';

function timeless(description: string): string {
  return (
    `policy-controller 0.13 cannot tell when the certificates of ${description} signed it. In cosign's tags it needs a log of version 1 whose ` +
    'key is on an elliptic curve, or, for image signatures, a timestamp; in bundles it needs a timestamp'
  );
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

/** Members that each authority of a check has in addition to its signer. */
function evidenceForm({ name, logURL }: PolicyTrust, { attestations, isInBundles, proof }: ImageCheck): object {
  return {
    ...(attestations.length === 0 ? {} : { attestations }),
    ...(proof === 'Log' ? { ctlog: { ...(logURL === undefined ? {} : { url: logURL }), trustRootRef: name } } : {}),
    ...(proof === 'Timestamp' ? { rfc3161timestamp: { trustRootRef: name } } : {}),
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
      authorities: [...keyAuthorities(material, check), ...keylessAuthorities(material, check)],
    },
  };
}

function keyAuthorities(material: PolicyTrust, check: ImageCheck): readonly object[] {
  if (check.isInBundles) return [];
  return material.keys.flatMap(({ publicKey }, index) =>
    keyHashes(publicKey).map((hashAlgorithm) => ({
      name: `key-${index + 1}-${hashAlgorithm}`,
      key: { data: publicKey, hashAlgorithm },
      ...evidenceForm(material, check),
    })),
  );
}

function keylessAuthorities(material: PolicyTrust, check: ImageCheck): readonly object[] {
  const { name, identity, trustedRoot } = material;
  if (identity === undefined) return [];
  const [authority] = trustedRoot?.certificateAuthorities ?? [];
  const keyless = {
    ...(authority === undefined ? {} : { url: authority.uri }),
    trustRootRef: name,
    ...((trustedRoot?.ctlogs.length ?? 0) === 0 ? { insecureIgnoreSCT: true } : {}),
    identities: [{ issuer: identity.issuer, subject: identity.identity }],
  };
  return [{ name: 'keyless', keyless, ...evidenceForm(material, check) }];
}
