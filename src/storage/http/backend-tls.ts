// SPDX-License-Identifier: Apache-2.0
import type { EffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { ObjectReader } from '../../credentials/object-reader.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { describeBackend } from '../backend-definition.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { StorageError } from '../storage-error.ts';

/** The TLS settings for the backend's server. @throws StorageError `BackendRejected` when the bundle is missing or empty. */
export async function backendTls(
  backend: Pick<BackendDefinition, 'kind' | 'name' | 'namespace'>,
  tls: EffectiveTls,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<TlsOptions> {
  if (tls.insecure) return { insecure: true };
  if (tls.caBundleRef === undefined) return {};
  const { name, key } = tls.caBundleRef;
  const data = await objects.getConfigMap(backend.namespace, name, signal);
  const ca = data?.[key];
  if (ca?.includes('-----BEGIN CERTIFICATE-----') === true) return { ca };
  const what = `entry "${key}" of ConfigMap ${backend.namespace}/${name}`;
  const message = `${describeBackend(backend)} trusts ${what}, which holds no PEM certificate; put the server's certificate authority there`;
  throw new StorageError('BackendRejected', message);
}
