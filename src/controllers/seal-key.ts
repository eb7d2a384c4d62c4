// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { SECRETS } from '../kube/core-resources.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { isAlreadyExists } from '../kube/kube-error.ts';
import { SecretValue } from '../runtime/secret-value.ts';

/** The Secret in the operator's namespace, and its entry. */
export const SEAL_SECRET = 'hallmark-seal';
const ENTRY = 'key';
const KEY_BYTES = 32;

/**
 * The key that seals records: made once, by whichever replica comes first, and read by all. Whoever loses it loses the trust in
 * every record that was sealed with it.
 * @throws KubeError when the Secret may be neither read nor made, Error when its entry is not such a key
 */
export async function loadSealKey(
  client: Pick<KubeClient, 'find' | 'create'>,
  namespace: string,
  signal: AbortSignal,
): Promise<SecretValue> {
  const name = { namespace, name: SEAL_SECRET };
  const found = await client.find(SECRETS, name, { signal });
  if (found !== undefined) return keyIn(found[ENTRY], namespace);
  const key = randomBytes(KEY_BYTES);
  const secret = {
    metadata: { ...name, labels: { 'app.kubernetes.io/managed-by': 'hallmark' } },
    type: 'Opaque',
    immutable: true,
    data: { [ENTRY]: key.toString('base64') },
  };
  try {
    await client.create(SECRETS, secret, { signal });
    return new SecretValue(key);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const made = await client.find(SECRETS, name, { signal });
    return keyIn(made?.[ENTRY], namespace);
  }
}

function keyIn(entry: Uint8Array | undefined, namespace: string): SecretValue {
  if (entry !== undefined && entry.length >= KEY_BYTES) return new SecretValue(entry);
  throw new Error(
    `Secret "${namespace}/${SEAL_SECRET}" has no entry "${ENTRY}" of at least ${KEY_BYTES} bytes: restore it from a backup, or delete it to have a new one made (records sealed before are then not trusted)`,
  );
}
