// SPDX-License-Identifier: Apache-2.0
import type { ObjectReader } from '../../credentials/object-reader.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import { SigningError } from '../signing-error.ts';

/** How the certificates of a key's service are checked: with those of `caBundleRef`, or with the system's. */
export async function kmsCertificates(
  { signer, homeNamespace }: SignerDefinition,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<TlsOptions> {
  const ref = signer.kms?.caBundleRef;
  if (ref === undefined) return {};
  const name = `ConfigMap "${homeNamespace}/${ref.name}"`;
  const entry = ref.key ?? 'ca.crt';
  const data = await objects.getConfigMap(homeNamespace, ref.name, signal);
  if (data === undefined)
    throw new SigningError('SignerUnavailable', `${name} of caBundleRef does not exist: create it`);
  const ca = data[entry];
  if (ca === undefined || !ca.includes('-----BEGIN CERTIFICATE-----')) {
    const message = `${name} of caBundleRef has no PEM certificates in its entry "${entry}": put them there`;
    throw new SigningError('SignerUnavailable', message);
  }
  return { ca };
}
