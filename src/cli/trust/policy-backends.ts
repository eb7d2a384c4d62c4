// SPDX-License-Identifier: Apache-2.0
import { parseManifest } from '../../api/v1alpha1/parsing/parse-manifest.ts';
import { effectiveStorageBackendSpec } from '../../api/v1alpha1/storage-backend/defaults.ts';
import { KubeError } from '../../kube/kube-error.ts';
import type { CliContext } from '../cli-context.ts';
import { UncheckedError } from '../cli-error.ts';
import type { PolicyBackends } from './kept-with-images.ts';
import type { PublishedPolicy } from './published-policy.ts';

/** Reads the backends of a policy from where the policy is from: the cluster, or the same file. @throws UncheckedError if the API server fails */
export async function policyBackends(
  policy: PublishedPolicy,
  context: CliContext,
  signal: AbortSignal,
): Promise<PolicyBackends> {
  if (policy.fileObjects !== undefined) return backendsInFile(policy, policy.fileObjects);
  const [{ clusterBackends }, { client }] = await Promise.all([import('./cluster-backends.ts'), context.cluster()]);
  try {
    return await clusterBackends(policy, client, { operatorNamespace: context.operatorNamespace, signal });
  } catch (error) {
    if (error instanceof KubeError) throw new UncheckedError(error.message, { cause: error });
    throw error;
  }
}

function backendsInFile(policy: PublishedPolicy, objects: readonly unknown[]): PolicyBackends {
  const refs = policy.spec.backendRefs ?? [];
  const backends = objects.flatMap((object) => {
    const parsed = parseManifest(object);
    if (!parsed.ok) return [];
    const { value } = parsed;
    if (value.kind !== 'StorageBackend' && value.kind !== 'ClusterStorageBackend') return [];
    const { kind, metadata } = value;
    const spec = effectiveStorageBackendSpec(value.spec);
    const isReached =
      kind === 'StorageBackend'
        ? policy.kind === 'SigningPolicy' && (metadata.namespace ?? policy.homeNamespace) === policy.homeNamespace
        : policy.kind === 'ClusterSigningPolicy' || spec.acceptFrom.includes(policy.kind);
    return isReached ? [{ kind, name: metadata.name, spec }] : [];
  });
  const isNamed = (backend: { readonly kind: string; readonly name?: string | undefined }): boolean =>
    refs.some((ref) => ref.kind === backend.kind && ref.name === backend.name);
  const used = refs.length === 0 ? backends : backends.filter(isNamed);
  return used.length === 0 || used.length < refs.length
    ? { unknown: 'the file does not hold them' }
    : { specs: used.map(({ spec }) => spec) };
}
