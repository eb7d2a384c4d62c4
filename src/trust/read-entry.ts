// SPDX-License-Identifier: Apache-2.0
import type { ObjectReader } from '../credentials/object-reader.ts';
import { TrustError } from './trust-error.ts';

export interface ConfigMapEntry {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  /** The policy that names it. */
  readonly description: string;
}

/** Reads an entry of a ConfigMap. @throws TrustError */
export async function readEntry(objects: ObjectReader, entry: ConfigMapEntry, signal: AbortSignal): Promise<string> {
  const { namespace, name, key, description } = entry;
  const configMap = `ConfigMap ${namespace}/${name} of ${description}`;
  const data = await objects.getConfigMap(namespace, name, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new TrustError('Unavailable', `${configMap} cannot be read; let the operator get it`, { cause: error });
  });
  if (data === undefined) throw new TrustError('NotFound', `${configMap} does not exist; create it`);
  const text = data[key];
  if (text !== undefined) return text;
  throw new TrustError('NotFound', `${configMap} has no entry "${key}"; add it`);
}
