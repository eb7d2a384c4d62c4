// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { ClusterSigningPolicySpec } from '../../api/v1alpha1/cluster-signing-policy/schema.ts';
import type { PolicyKind } from '../../api/v1alpha1/kinds.ts';
import type { EffectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { VerificationKey } from '../../signing/verification-key.ts';
import type { CertificateIdentity } from '../../verify/expectations.ts';
import { policyRoot, publishedKeys } from './published-policy.ts';
import type { PublishedPolicy } from './published-policy.ts';
import type { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';

/** The data that a verifier needs to accept the evidence of one policy. */
export interface PolicyTrust {
  /** "SigningPolicy team-a/release". */
  readonly description: string;
  readonly kind: PolicyKind;
  /** The namespace of a SigningPolicy. */
  readonly namespace?: string;
  readonly policyName: string;
  /** The name of generated objects, which no other policy has. */
  readonly name: string;
  /** The policy's keys, the active one first. */
  readonly keys: readonly VerificationKey[];
  readonly identity?: CertificateIdentity;
  readonly trustedRoot?: TrustedRoot;
  /** The predicate type of its attestations; absent if it makes none. */
  readonly predicateType?: string;
  /** Formats of image signatures in the registry: `SimpleSigning` in cosign's tags, `SigstoreStatement` in bundles. */
  readonly imageFormats: EffectiveSigningPolicySpec['imageSignatures']['formats'];
  /** True if every signature is in a transparency log. */
  readonly isLogged: boolean;
  /** The log that the policy names, and the version of its API. */
  readonly logURL?: string;
  readonly logVersion?: 1 | 2;
  /** True if every signature is timestamped. */
  readonly isTimestamped: boolean;
  /** True if all its attestations are in bundles, where verifiers look for timestamps. */
  readonly isInBundles: boolean;
  readonly attestation: EffectiveSigningPolicySpec['attestation'];
  /** Globs for the repositories that it may sign for; empty for all. */
  readonly allowedRepositories: readonly string[];
  /** The namespaces of a ClusterSigningPolicy; every one but the operator's and kube-* if it selects none. */
  readonly namespaceSelector?: ClusterSigningPolicySpec['namespaceSelector'];
  readonly operatorNamespace: string;
  /** The TUF repository of its trusted root. */
  readonly tuf?: TufRepository;
}

/** A TUF repository, and the initial root.json unless it is the public one. */
export interface TufRepository {
  readonly mirror: string;
  readonly initialRoot?: string;
}

/** Options of a configuration for an admission controller. */
export interface AdmissionOptions {
  /** Repositories whose images are judged, in place of all that the policy may sign for. */
  readonly images: readonly string[];
  /** True to refuse what does not verify; otherwise it is only reported. */
  readonly isEnforced: boolean;
}

/** The configuration of a verifier. */
export interface VerifierConfiguration {
  readonly text: string;
  /** The keys that it accepts; by default all of the policy. */
  readonly keys?: readonly VerificationKey[];
  /** Checks that the verifier cannot do, each with the reason and the remedy. */
  readonly notices?: readonly string[];
}

const predicateTypes: Readonly<Record<string, string>> = {
  'slsa/v1': 'https://slsa.dev/provenance/v0.2',
  'in-toto': 'https://slsa.dev/provenance/v0.2',
  'slsa/v2alpha3': 'https://slsa.dev/provenance/v1',
  'slsa/v2alpha4': 'https://slsa.dev/provenance/v1',
};

/** Collects the trust data of a policy. @throws UsageError if the policy publishes no signer, UncheckedError if a key or its trusted root cannot be read */
export async function policyTrust(
  policy: PublishedPolicy,
  context: CliContext,
  signal: AbortSignal,
): Promise<PolicyTrust> {
  const { description, status } = policy;
  const keys = publishedKeys(policy).map((key) => ({ ...key, publicKey: plainPem(key, description) }));
  const identity = status.certificateIdentity;
  if (keys.length === 0 && identity === undefined) {
    throw new UsageError(`${description} publishes neither a key nor a certificate identity yet`);
  }
  const written = effectiveSigningPolicySpec(policy.spec, '');
  const { imageSignatures, transparency } = written;
  // A ceiling may have given the policy its defaults.
  const { attestation = written.attestation, subjects = written.subjects } = status.effective ?? {};
  const predicateType = predicateTypes[attestation.format];
  const isRekorV2 = transparency.rekor?.apiVersion === 2;
  // Cosign's tags cannot hold entries of Rekor v2, and bundles cannot hold simple signings.
  const formats = imageSignatures.formats.filter((format) => !isRekorV2 || format === 'SigstoreStatement');
  if (formats.length === 0 && predicateType === undefined) {
    throw new UsageError(`${description} signs nothing that is stored with images in a registry`);
  }
  const trustedRoot = await policyRoot(policy, context, signal);
  return {
    description,
    ...identityOf(policy),
    operatorNamespace: context.operatorNamespace,
    keys,
    ...(identity === undefined ? {} : { identity }),
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
    ...(predicateType === undefined ? {} : { predicateType }),
    imageFormats: formats,
    isLogged: transparency.rekor?.onFailure === 'Retry',
    ...(transparency.rekor === undefined
      ? {}
      : { logURL: transparency.rekor.url, logVersion: transparency.rekor.apiVersion }),
    isInBundles: isRekorV2 || hasBundledSignatures({ imageFormats: formats }),
    isTimestamped: transparency.timestampAuthorities.length > 0,
    attestation,
    allowedRepositories: subjects.allowedRepositories,
    ...('namespaceSelector' in policy.spec ? { namespaceSelector: policy.spec.namespaceSelector } : {}),
    ...(await tufOf(policy, context, signal)),
  };
}

/** The key alone: a reader of PEM passes over text around it, and a shell would carry it out. @throws UncheckedError */
function plainPem({ keyID, publicKey }: VerificationKey, description: string): string {
  try {
    return createPublicKey(publicKey).export({ format: 'pem', type: 'spki' }).toString();
  } catch (error) {
    throw new UncheckedError(`${description} publishes a key that cannot be read: ${keyID}`, { cause: error });
  }
}

/** A namespace has no dots, and only names of a SigningPolicy go on after `hallmark-`: so no two policies have one name. */
function identityOf({
  kind,
  name,
  homeNamespace,
}: PublishedPolicy): Pick<PolicyTrust, 'kind' | 'namespace' | 'policyName' | 'name'> {
  return kind === 'SigningPolicy'
    ? { kind, namespace: homeNamespace, policyName: name, name: `hallmark-${homeNamespace}.${name}` }
    : { kind, policyName: name, name: `hallmark.${name}` };
}

async function tufOf(
  { spec, homeNamespace }: PublishedPolicy,
  context: CliContext,
  signal: AbortSignal,
): Promise<Pick<PolicyTrust, 'tuf'>> {
  const tuf = spec.trustedRoot?.tuf;
  if (tuf === undefined) return {};
  const { mirror, rootRef } = tuf;
  if (rootRef === undefined) return { tuf: { mirror } };
  const { objects } = await context.access();
  const entries = await objects.getConfigMap(homeNamespace, rootRef.name, signal);
  const initialRoot = entries?.[rootRef.key ?? 'root.json'];
  return { tuf: { mirror, ...(initialRoot === undefined ? {} : { initialRoot }) } };
}

/** True if image signatures are in bundles alone. */
export function hasBundledSignatures({ imageFormats }: Pick<PolicyTrust, 'imageFormats'>): boolean {
  return imageFormats.length > 0 && !imageFormats.includes('SimpleSigning');
}

/**
 * Tells if verifiers must require the timestamp of an attestation. In tags, cosign and tools on top of it expect a timestamp of the
 * envelope, but ours covers the signature. So none is required there, unless nothing else proves when a certificate signed.
 */
export function requiresTimestamp({ isTimestamped, isInBundles, isLogged, identity }: PolicyTrust): boolean {
  return isTimestamped && (isInBundles || (identity !== undefined && !isLogged));
}

/** Formats the trusted root as JSON. */
export function trustedRootText(root: TrustedRoot): string {
  return JSON.stringify(TrustedRoot.toJSON(root));
}
