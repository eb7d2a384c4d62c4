// SPDX-License-Identifier: Apache-2.0
import type { PolicyKind } from '../../api/v1alpha1/kinds.ts';
import { existsSync } from 'node:fs';
import { parseClusterSigningPolicy, parseSigningPolicy } from '../../api/v1alpha1/parse.ts';
import type { ClusterSigningPolicySpec } from '../../api/v1alpha1/cluster-signing-policy/schema.ts';
import { parseManifest } from '../../api/v1alpha1/parse-manifest.ts';
import { fieldErrorText } from '../../api/v1alpha1/field-error.ts';
import type { SigningPolicySpec, SigningPolicyStatus } from '../../api/v1alpha1/signing-policy/schema.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { readRunDocuments } from '../run-documents.ts';
import type { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from '../verify/verify-error.ts';

/** A policy with what the operator published of it. */
export interface PublishedPolicy {
  readonly kind: PolicyKind;
  readonly name: string;
  /** Where its references are. */
  readonly homeNamespace: string;
  /** "SigningPolicy team-a/release", for messages. */
  readonly description: string;
  readonly spec: SigningPolicySpec | ClusterSigningPolicySpec;
  readonly status: SigningPolicyStatus;
}

const CLUSTER_PREFIX = /^(clustersigningpolic(y|ies)|csp)\//;

/** A policy of a file or, by NAME, signingpolicy/NAME or clustersigningpolicy/NAME, of the cluster. @throws UsageError, UncheckedError */
export async function readPublishedPolicy(
  fileOrName: string,
  surroundings: CliContext,
  signal: AbortSignal,
): Promise<PublishedPolicy> {
  const isFile = fileOrName === '-' || /\.(ya?ml|json)$/.test(fileOrName) || existsSync(fileOrName);
  if (isFile) return policyOfFile(fileOrName, surroundings);
  return CLUSTER_PREFIX.test(fileOrName)
    ? policyOfCluster('ClusterSigningPolicy', fileOrName.replace(CLUSTER_PREFIX, ''), surroundings, signal)
    : policyOfCluster('SigningPolicy', fileOrName.replace(/^(signingpolic(y|ies)|sp)\//, ''), surroundings, signal);
}

/** A policy of the cluster by kind and name. @throws UsageError, UncheckedError */
export async function policyOfCluster(
  kind: PublishedPolicy['kind'],
  name: string,
  surroundings: CliContext,
  signal: AbortSignal,
): Promise<PublishedPolicy> {
  const object = await surroundings.find(hallmarkResource(kind), name, signal);
  if (object === undefined) throw new UncheckedError(`there is no ${kind} ${name}`);
  const parsed = kind === 'SigningPolicy' ? parseSigningPolicy(object) : parseClusterSigningPolicy(object);
  if (!parsed.ok) throw new UncheckedError(`${kind} ${name}: ${parsed.message}`);
  const { spec, status } = parsed.value;
  const namespace = kind === 'SigningPolicy' ? surroundings.namespace : undefined;
  return published({ kind, name, namespace, spec, status }, surroundings);
}

async function policyOfFile(path: string, surroundings: CliContext): Promise<PublishedPolicy> {
  const documents = await readRunDocuments([path], process.stdin).catch((error: unknown) => {
    throw new UncheckedError(`${path} cannot be read`, { cause: error });
  });
  const policies = documents.flatMap((document) => {
    if ('syntaxError' in document) throw new UsageError(`${document.place}: ${document.syntaxError}`);
    const parsed = parseManifest(document.value);
    if (!parsed.ok) throw new UsageError(`${document.place}: ${parsed.problems.map(fieldErrorText).join('; ')}`);
    const { value } = parsed;
    return value.kind === 'SigningPolicy' || value.kind === 'ClusterSigningPolicy' ? [value] : [];
  });
  const [policy] = policies;
  if (policy === undefined || policies.length > 1) throw new UsageError(`${path} must hold one policy`);
  const { kind, metadata, spec, status } = policy;
  const { name = 'policy', namespace } = metadata;
  return published({ kind, name, namespace, spec, status }, surroundings);
}

interface Found extends Pick<PublishedPolicy, 'kind' | 'name' | 'spec'> {
  readonly namespace: string | undefined;
  readonly status: SigningPolicyStatus | undefined;
}

function published({ kind, name, namespace, spec, status }: Found, surroundings: CliContext): PublishedPolicy {
  const description = kind === 'SigningPolicy' ? `${kind} ${namespace ?? '(no namespace)'}/${name}` : `${kind} ${name}`;
  if (status === undefined) {
    throw new UsageError(`${description} has no status: give it as the cluster has it (kubectl get -o yaml)`);
  }
  const homeNamespace = kind === 'SigningPolicy' ? (namespace ?? 'default') : surroundings.operatorNamespace;
  return { kind, name, homeNamespace, description, spec, status };
}
