// SPDX-License-Identifier: Apache-2.0
import type { TlsOptions } from '../../net/tls-options.ts';
import { describeBackend } from '../backend-definition.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import type { EffectiveOCI } from '../../api/v1alpha1/storage-backend/defaults.ts';
import type { ObjectReader } from '../../credentials/object-reader.ts';
import { StorageError } from '../storage-error.ts';

/** How the backend's registry is trusted. @throws StorageError `BackendRejected` when the bundle is missing or empty. */
export async function ociTls(
  backend: Pick<BackendDefinition, 'kind' | 'name' | 'namespace'>,
  tls: EffectiveOCI['tls'],
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
  const message = `${describeBackend(backend)} trusts ${what}, which holds no PEM certificate; put the registry's certificate authority there`;
  throw new StorageError('BackendRejected', message);
}
