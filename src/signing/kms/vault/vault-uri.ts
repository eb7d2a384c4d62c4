// SPDX-License-Identifier: Apache-2.0
import { SigningError } from '../../signing-error.ts';
import type { KmsDefinition } from '../kms-definition.ts';
import { type Environment, environmentValue } from './environment-value.ts';

/** The name of the transit key that a URI names (reference 05 §5.3). @throws SigningError `KeyNotFound` */
export function vaultKeyName(uri: string): string {
  const [, name] = /^(?:hashivault|openbao):\/\/(\w(?:[\w.-]*\w)?)$/.exec(uri) ?? [];
  if (name !== undefined) return name;
  const message = `key ${uri} is not ${uri.startsWith('openbao') ? 'openbao' : 'hashivault'}://NAME, with a name of letters, digits, "_", "-" and ".": name it so`;
  throw new SigningError('KeyNotFound', message);
}

/** A mount such as `transit` or `teams/a/transit`, without slashes around it. @throws SigningError `KeyNotFound` */
export function vaultMount(path: string): string {
  const mount = path.replace(/^\/+|\/+$/g, '');
  if (/^[\w.~-]+(?:\/[\w.~-]+)*$/.test(mount) && !mount.split('/').some((part) => /^\.+$/.test(part))) return mount;
  throw new SigningError('KeyNotFound', `"${path}" is not a path of Vault: name the mount as in "transit"`);
}

/**
 * The address of the server, from the policy; for cluster policies also from the operator's environment.
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
