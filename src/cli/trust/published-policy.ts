// SPDX-License-Identifier: Apache-2.0
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { PolicyKind } from '../../api/v1alpha1/kinds.ts';
import type { ClusterSigningPolicySpec } from '../../api/v1alpha1/cluster-signing-policy/schema.ts';
import { fieldErrorText } from '../../api/v1alpha1/parsing/field-error.ts';
import { parseClusterSigningPolicy, parseSigningPolicy } from '../../api/v1alpha1/parsing/parse.ts';
import { parseManifest } from '../../api/v1alpha1/parsing/parse-manifest.ts';
import type { SigningPolicySpec, SigningPolicyStatus } from '../../api/v1alpha1/signing-policy/schema.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { VerificationKey } from '../../signing/verification-key.ts';
import { TrustError } from '../../trust/trust-error.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';
import type { CliContext } from '../cli-context.ts';
import { isFileArgument } from '../file-argument.ts';
import { readObjects } from '../read-objects.ts';

/** A policy with the status that the operator published. */
export interface PublishedPolicy {
  readonly kind: PolicyKind;
  readonly name: string;
  /** The namespace of a SigningPolicy; absent where a file does not say it. */
  readonly namespace?: string;
  /** The namespace of its references. */
  readonly homeNamespace: string;
  /** "SigningPolicy team-a/release", for messages. */
  readonly description: string;
  readonly spec: SigningPolicySpec | ClusterSigningPolicySpec;
  readonly status: SigningPolicyStatus;
  /** The version of its spec; absent where a file does not say it. */
  readonly generation?: number;
  /** All objects of the file that it was read from; absent for a policy of the cluster. */
  readonly fileObjects?: readonly unknown[];
}

const CLUSTER_PREFIX = /^(clustersigningpolic(y|ies)|csp)\//;
const NAMESPACED_PREFIX = /^(signingpolic(y|ies)|sp)\//;

/** Reads a policy from a file or, by NAME, signingpolicy/NAME or clustersigningpolicy/NAME, from the cluster. @throws UsageError, UncheckedError */
export async function readPublishedPolicy(
  fileOrName: string,
  context: CliContext,
  signal: AbortSignal,
): Promise<PublishedPolicy> {
  if (isFileArgument(fileOrName)) return policyInFile(fileOrName, context);
  return CLUSTER_PREFIX.test(fileOrName)
    ? policyInCluster('ClusterSigningPolicy', fileOrName.replace(CLUSTER_PREFIX, ''), context, signal)
    : policyInCluster('SigningPolicy', fileOrName.replace(NAMESPACED_PREFIX, ''), context, signal);
}

/** Reads a policy of the cluster by kind and name. @throws UsageError, UncheckedError */
export async function policyInCluster(
  kind: PolicyKind,
  name: string,
  context: CliContext,
  signal: AbortSignal,
): Promise<PublishedPolicy> {
  const object = await context.find(hallmarkResource(kind), name, signal);
  if (object === undefined) throw new UncheckedError(`there is no ${kind} ${name}`);
  const parsed = kind === 'SigningPolicy' ? parseSigningPolicy(object) : parseClusterSigningPolicy(object);
  if (!parsed.ok) throw new UncheckedError(`${kind} ${name}: ${parsed.message}`);
  const { metadata, spec, status } = parsed.value;
  const namespace = kind === 'SigningPolicy' ? await context.namespace() : undefined;
  return published({ kind, name, namespace, generation: metadata.generation, spec, status }, context);
}

/** Lists the keys in a policy's status, the active one first. */
export function publishedKeys({ status }: PublishedPolicy): readonly VerificationKey[] {
  const { verificationKeys, publicKey, keyID } = status;
  if (verificationKeys === undefined) {
    return publicKey === undefined || keyID === undefined ? [] : [{ publicKey, keyID }];
  }
  return verificationKeys.map(({ notBefore, notAfter, ...key }) => ({
    keyID: key.keyID,
    publicKey: key.publicKey,
    ...(notBefore === undefined ? {} : { notBefore: new Date(notBefore) }),
    ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter) }),
  }));
}

/** Reads the trusted root that a policy names. @throws UncheckedError */
export async function policyRoot(
  { spec, homeNamespace, description }: PublishedPolicy,
  context: CliContext,
  signal: AbortSignal,
): Promise<TrustedRoot | undefined> {
  if (spec.trustedRoot === undefined) return undefined;
  try {
    const roots = await context.trustedRoots();
    return await roots.root({ spec: spec.trustedRoot, homeNamespace, description }, signal);
  } catch (error) {
    if (error instanceof TrustError) throw new UncheckedError(error.message, { cause: error });
    throw error;
  }
}

/** Reads the policy in a file, `-` being standard input. @throws UsageError */
export async function policyInFile(path: string, context: CliContext): Promise<PublishedPolicy> {
  const objects = await readObjects(path);
  const policies = objects.flatMap(({ place, value }) => {
    const parsed = parseManifest(value);
    if (!parsed.ok) throw new UsageError(`${place}: ${parsed.problems.map(fieldErrorText).join('; ')}`);
    const { value: manifest } = parsed;
    return manifest.kind === 'SigningPolicy' || manifest.kind === 'ClusterSigningPolicy' ? [manifest] : [];
  });
  const [policy] = policies;
  if (policy === undefined || policies.length > 1) throw new UsageError(`${path} must hold one policy`);
  const { kind, metadata, spec, status } = policy;
  const { name = 'policy', namespace = context.givenNamespace } = metadata;
  const generation = typeof metadata.generation === 'number' ? metadata.generation : undefined;
  const fileObjects = objects.map(({ value }) => value);
  return { ...published({ kind, name, namespace, generation, spec, status }, context), fileObjects };
}

interface ParsedPolicy extends Pick<PublishedPolicy, 'kind' | 'name' | 'spec'> {
  readonly namespace: string | undefined;
  readonly generation: number | undefined;
  readonly status: SigningPolicyStatus | undefined;
}

function published(
  { kind, name, namespace, generation, spec, status }: ParsedPolicy,
  context: CliContext,
): PublishedPolicy {
  const description = kind === 'SigningPolicy' ? `${kind} ${namespace ?? '(no namespace)'}/${name}` : `${kind} ${name}`;
  if (status === undefined) {
    throw new UsageError(`${description} has no status: pass it as the cluster has it (kubectl get -o yaml)`);
  }
  const homeNamespace = kind === 'SigningPolicy' ? (namespace ?? 'default') : context.operatorNamespace;
  return {
    ...{ kind, name, homeNamespace, description, spec, status },
    ...(namespace === undefined ? {} : { namespace }),
    ...(generation === undefined ? {} : { generation }),
  };
}
