// SPDX-License-Identifier: Apache-2.0
import type { SecretData } from '../../kube/core-resources.ts';
import type { NamedSecret } from './migration.ts';
import type { Migration } from './plan-migration.ts';

/** The Secret with the keys of Chains. */
const KEYS = 'signing-secrets';

/**
 * Adds the Secrets that can be copied: that with the keys, as the cluster has it, and those whose content is in the ConfigMap.
 * @param readSecret reads a Secret of Chains @throws UncheckedError unless the Secret with the keys can be read and has content
 */
export async function withCopiedSecrets(
  migration: Migration,
  namespace: string,
  readSecret: (name: string) => Promise<SecretData>,
): Promise<Migration> {
  const copies = await Promise.all(
    migration.secrets.map(async (secret) => ({ secret, data: await dataOf(secret, readSecret) })),
  );
  const manifests = copies.flatMap(({ secret: { name }, data }) =>
    data === undefined ? [] : [manifest(name, namespace, data)],
  );
  const secrets = copies.map(({ secret, data }) =>
    data === undefined ? secret : { ...secret, isCopied: true as const },
  );
  return { ...migration, manifests: [...manifests, ...migration.manifests], secrets };
}

async function dataOf(
  { name, entry, value }: NamedSecret,
  readSecret: (name: string) => Promise<SecretData>,
): Promise<SecretData | undefined> {
  if (name === KEYS) return readSecret(name);
  return value === undefined ? undefined : { [entry]: Buffer.from(value) };
}

function manifest(name: string, namespace: string, entries: SecretData): object {
  const data = Object.fromEntries(
    Object.entries(entries).map(([entry, content]) => [entry, Buffer.from(content).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'Opaque', data };
}
