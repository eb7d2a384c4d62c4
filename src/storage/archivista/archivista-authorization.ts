// SPDX-License-Identifier: Apache-2.0
import type { ArchivistaSpec } from '../../api/v1alpha1/backend-types/archivista.ts';
import type { ObjectReader } from '../../credentials/object-reader.ts';
import { describeBackend } from '../backend-definition.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { StorageError } from '../storage-error.ts';

/** The header that authenticates a request; undefined for anonymous requests. @throws StorageError `BackendUnauthorized` */
export async function archivistaAuthorization(
  backend: BackendDefinition,
  authentication: ArchivistaSpec['authentication'],
  objects: Pick<ObjectReader, 'getSecret'>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (authentication?.type !== 'Secret' || authentication.secretRef === undefined) return {};
  const { name } = authentication.secretRef;
  const data = await objects.getSecret(backend.namespace, name, signal);
  const header = entry(data, 'authorization');
  const token = entry(data, 'token');
  const authorization = header ?? (token === undefined ? undefined : `Bearer ${token}`);
  if (authorization !== undefined) return { authorization };
  const what = `Secret ${backend.namespace}/${name} of ${describeBackend(backend)}`;
  const message = `${what} does not exist, or has neither a token nor an authorization of one line; put one there`;
  throw new StorageError('BackendUnauthorized', message);
}

/** One line of visible text, which a header may contain. */
function entry(data: Readonly<Record<string, Uint8Array>> | undefined, name: string): string | undefined {
  const text = Buffer.from(data?.[name] ?? '')
    .toString('utf8')
    .trim();
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}
