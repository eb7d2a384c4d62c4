// SPDX-License-Identifier: Apache-2.0
import { SigningError } from '../../signing-error.ts';
import type { KmsDefinition } from '../kms-definition.ts';
import type { Environment } from './environment-value.ts';
import { environmentValue } from './environment-value.ts';

/**
 * Where the server is: as the policy says; of cluster policies also as the operator's environment says.
 * @throws SigningError `KeyNotFound`
 */
export function vaultAddress(
  { spec, kind, description }: Pick<KmsDefinition, 'spec' | 'kind' | 'description'>,
  environment: Environment,
): URL {
  const ours = kind === 'ClusterSigningPolicy' ? environmentValue(environment, ['VAULT_ADDR', 'BAO_ADDR']) : undefined;
  const address = spec.vault?.address ?? ours;
  if (address === undefined)
    throw new SigningError(
      'KeyNotFound',
      `${description} does not say where its server is: set spec.signer.kms.vault.address`,
    );
  const url = URL.parse(address);
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw new SigningError(
    'KeyNotFound',
    `${description}: the address of its Vault is not an http or https URL: correct it`,
  );
}
