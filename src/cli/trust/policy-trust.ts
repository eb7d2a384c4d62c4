// SPDX-License-Identifier: Apache-2.0
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { EffectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { VerificationKey } from '../../signing/verification-key.ts';
import type { CertificateIdentity } from '../../verify/expectations.ts';
import { policyRoot, publishedKeys } from './published-policy.ts';
import type { PublishedPolicy } from './published-policy.ts';
import type { CliContext } from '../cli-context.ts';
import { UsageError } from '../cli-error.ts';

/** What a verifier needs to know to accept the evidence of one policy. */
export interface PolicyTrust {
  /** "SigningPolicy team-a/release". */
  readonly description: string;
  /** `hallmark-` and the policy's own name with its namespace: for objects that are made from it. */
  readonly name: string;
  /** The active one first. */
  readonly keys: readonly VerificationKey[];
  readonly identity?: CertificateIdentity;
  readonly trustedRoot?: TrustedRoot;
  /** Of its attestations; absent where it makes none. */
  readonly predicateType?: string;
  /** What it signs of images and a registry takes: `SimpleSigning` lies in cosign's tags, `SigstoreStatement` in bundles. Empty where it signs none. */
  readonly imageFormats: EffectiveSigningPolicySpec['imageSignatures']['formats'];
  /** Whether every signature is in a transparency log. */
  readonly isLogged: boolean;
  /** Whether every signature is timestamped. */
  readonly isTimestamped: boolean;
  /** Whether its attestations lie in bundles for certain: then their timestamps are where verifiers look for them. */
  readonly isInBundles: boolean;
  readonly attestation: EffectiveSigningPolicySpec['attestation'];
  /** Globs over the images it may sign; empty for any. */
  readonly images: readonly string[];
}

const predicateTypes: Readonly<Record<string, string>> = {
  'slsa/v1': 'https://slsa.dev/provenance/v0.2',
  'in-toto': 'https://slsa.dev/provenance/v0.2',
  'slsa/v2alpha3': 'https://slsa.dev/provenance/v1',
  'slsa/v2alpha4': 'https://slsa.dev/provenance/v1',
};

/** Gathers it. @throws UsageError when the policy publishes nobody, UncheckedError when its trusted root cannot be had */
export async function policyTrust(
  policy: PublishedPolicy,
  context: CliContext,
  signal: AbortSignal,
): Promise<PolicyTrust> {
  const { description, status } = policy;
  const keys = publishedKeys(policy);
  const identity = status.certificateIdentity;
  if (keys.length === 0 && identity === undefined) {
    throw new UsageError(`${description} publishes neither a key nor a certificate identity yet`);
  }
  const { attestation, imageSignatures, transparency, subjects } = effectiveSigningPolicySpec(policy.spec, '');
  const predicateType = predicateTypes[attestation.format];
  const isRekorV2 = transparency.rekor?.apiVersion === 2;
  // Cosign's tags have no room for entries of Rekor v2, and bundles none for simple signings.
  const formats = imageSignatures.formats.filter((format) => !isRekorV2 || format === 'SigstoreStatement');
  if (formats.length === 0 && predicateType === undefined) {
    throw new UsageError(`${description} signs nothing that lies beside images in a registry`);
  }
  const trustedRoot = await policyRoot(policy, context, signal);
  return {
    description,
    name: `hallmark-${policy.kind === 'SigningPolicy' ? `${policy.homeNamespace}-` : ''}${policy.name}`,
    keys,
    ...(identity === undefined ? {} : { identity }),
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
    ...(predicateType === undefined ? {} : { predicateType }),
    imageFormats: formats,
    isLogged: transparency.rekor?.onFailure === 'Retry',
    isInBundles: isRekorV2 || (formats.length > 0 && !formats.includes('SimpleSigning')),
    isTimestamped: transparency.timestampAuthorities.length > 0,
    attestation,
    images: subjects.allowedRepositories.filter((glob) => glob !== '*'),
  };
}

/**
 * Whether to ask for the timestamp of an attestation. Beside one in its tags cosign, and all that stands on it, wants a timestamp of the
 * envelope, and there is that of the signature: none is asked for there, unless nothing else says when a certificate signed.
 */
export function asksForTimestamp({ isTimestamped, isInBundles, isLogged, identity }: PolicyTrust): boolean {
  return isTimestamped && (isInBundles || (identity !== undefined && !isLogged));
}

/** The trusted root as JSON. */
export function trustedRootText(root: TrustedRoot): string {
  return JSON.stringify(TrustedRoot.toJSON(root));
}
