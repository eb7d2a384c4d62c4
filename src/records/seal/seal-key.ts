// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { SECRETS, type SecretData } from '../../kube/core-resources.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isAlreadyExists } from '../../kube/kube-error.ts';
import { SecretValue } from '../../runtime/secret-value.ts';

/** The Secret in the operator's namespace, and its entries. */
export const SEAL_SECRET = 'hallmark-seal';
const ENTRY = 'key';
const PREVIOUS = 'previous';
const REPLACES = 'replaces';
const KEY_BYTES = 32;

/** The key that seals records. */
export interface SealKey {
  readonly value: SecretValue;
  /** The earlier key of a rotation: its seals count, and each is replaced. */
  readonly previous?: SecretValue;
  /** Ids of lost keys: records that they sealed are removed, and created again where their run exists. */
  readonly replaces: ReadonlySet<string>;
}

/** The Secret is not there, and sealed records are: its key is lost, or another operator made them. */
export class SealKeyLostError extends Error {
  constructor(namespace: string, record: SealedRecordFound) {
    const { keyID = 'unnamed', name } = record;
    super(
      `Secret "${namespace}/${SEAL_SECRET}" is missing, and there are sealed records (${name}, key id ${keyID}). If another operator made them, remove one of the operators or give them separate watchNamespaces. If this one did, the key is lost: restore it from a backup. To give those records up and have them made anew, create it with a new key of ${KEY_BYTES} bytes in the entry "${ENTRY}" and "${keyID}" in the entry "${REPLACES}"`,
    );
    this.name = 'SealKeyLostError';
  }
}

/** A record that carries a seal. */
export interface SealedRecordFound {
  /** `namespace/name` */
  readonly name: string;
  /** Absent in records of versions that recorded no key id. */
  readonly keyID?: string;
}

export interface SealKeyOptions {
  /** The operator's own. */
  readonly namespace: string;
  /** Finds a record that was sealed before; called only when there is no key. */
  readonly findSealed: () => Promise<SealedRecordFound | undefined>;
}

/**
 * Loads the key that seals records, which the first replica of a new installation creates. Records sealed with a lost key can never be
 * trusted again. @throws SealKeyLostError when the key is gone and needed, KubeError when the Secret may be neither read nor created, Error
 * when its entry is not such a key
 */
export async function loadSealKey(
  client: Pick<KubeClient, 'find' | 'create'>,
  { namespace, findSealed }: SealKeyOptions,
  signal: AbortSignal,
): Promise<SealKey> {
  const name = { namespace, name: SEAL_SECRET };
  const secret = await client.find(SECRETS, name, { signal });
  if (secret !== undefined) return keyIn(secret, namespace);
  const sealed = await findSealed();
  if (sealed !== undefined) throw new SealKeyLostError(namespace, sealed);
  const key = randomBytes(KEY_BYTES);
  const created = {
    metadata: { ...name, labels: { 'app.kubernetes.io/managed-by': 'hallmark' } },
    type: 'Opaque',
    immutable: true,
    data: { [ENTRY]: key.toString('base64') },
  };
  try {
    await client.create(SECRETS, created, { signal });
    return { value: new SecretValue(key), replaces: new Set() };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return keyIn((await client.find(SECRETS, name, { signal })) ?? {}, namespace);
  }
}

function keyIn(secret: SecretData, namespace: string): SealKey {
  const key = secret[ENTRY];
  if (key === undefined || key.length < KEY_BYTES) {
    throw new Error(
      `Secret "${namespace}/${SEAL_SECRET}" has no entry "${ENTRY}" of at least ${KEY_BYTES} bytes: restore it from a backup`,
    );
  }
  const previous = secret[PREVIOUS];
  if (previous !== undefined && previous.length < KEY_BYTES) {
    throw new Error(
      `the entry "${PREVIOUS}" of Secret "${namespace}/${SEAL_SECRET}" is not a key of at least ${KEY_BYTES} bytes: enter the earlier key, or take the entry away`,
    );
  }
  const replaces = Buffer.from(secret[REPLACES] ?? [])
    .toString()
    .split(/[\s,]+/);
  return {
    value: new SecretValue(key),
    ...(previous === undefined ? {} : { previous: new SecretValue(previous) }),
    replaces: new Set(replaces.filter((keyID) => keyID !== '')),
  };
}
