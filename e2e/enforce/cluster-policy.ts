// SPDX-License-Identifier: Apache-2.0
import type { EnforceBed, PublishedTeam } from './enforce-bed.ts';
import { imageFormat } from './evidence.ts';

/** Publishes a ClusterSigningPolicy for the namespaces with this label as the operator does it, with its backend. */
export async function publishForCluster(
  bed: EnforceBed,
  { namespace, signer: { keyID, publicKey }, encoding }: PublishedTeam,
  matchLabels: Readonly<Record<string, string>>,
): Promise<void> {
  const metadata = { name: namespace };
  const apiVersion = 'hallmark.dev/v1alpha1';
  const spec = {
    namespaceSelector: { matchLabels },
    signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } },
    subjects: { allowedRepositories: [`${bed.registry.host}/${namespace}/*`] },
    imageSignatures: { formats: [imageFormat(encoding)] },
  };
  const backend = { type: 'OCI', oci: { encoding } };
  await bed.storage.apply({ apiVersion, kind: 'ClusterStorageBackend', metadata, spec: backend });
  await bed.storage.apply({ apiVersion, kind: 'ClusterSigningPolicy', metadata, spec });
  const status = { keyID, publicKey, verificationKeys: [{ keyID, publicKey, state: 'Active' }] };
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  await bed.storage.plane.kubectl(['patch', 'clustersigningpolicy', namespace, ...patch]);
}
