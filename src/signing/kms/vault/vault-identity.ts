// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { Identity } from '../../../credentials/identity.ts';
import type { ObjectReader } from '../../../credentials/object-reader.ts';
import { tokenHost } from '../../../credentials/token-host.ts';
import type { TokenSource } from '../../../credentials/token-source.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import type { Environment } from './environment-value.ts';
import { environmentValue } from './environment-value.ts';
import { CredentialError } from '../../../credentials/credential-error.ts';

/** Entry `token` of a Secret. Trimmed: a file that ends with a newline is the usual way to make one. @throws CredentialError */
export async function secretToken(
  { namespace, secretName }: Extract<Identity, { type: 'Secret' }>,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<SecretValue> {
  const name = `Secret "${namespace}/${secretName}"`;
  const data = await objects.getSecret(namespace, secretName, signal);
  if (data === undefined)
    throw new CredentialError('NotFound', `${name} does not exist: create it with an entry "token"`);
  return usable(Buffer.from(data['token'] ?? []).toString('utf8'), `${name} has no usable entry "token": add it`);
}

/** A token of the policy's ServiceAccount for the server. @throws CredentialError */
export async function serviceAccountJwt(
  { namespace, serviceAccountName }: Extract<Identity, { type: 'ServiceAccount' }>,
  to: { readonly tokens: TokenSource; readonly address: URL; readonly audience: string },
  signal: AbortSignal,
): Promise<SecretValue> {
  const { tokens, address, audience } = to;
  const request = { namespace, serviceAccountName, audience, host: tokenHost(address) };
  return (await tokens.token(request, signal)).token;
}

/** The operator's own token, as the tools of Vault and OpenBao take it. */
export function operatorToken(environment: Environment): SecretValue | undefined {
  const token = environmentValue(environment, ['VAULT_TOKEN', 'BAO_TOKEN']);
  return token === undefined ? undefined : usable(token, 'VAULT_TOKEN of the operator is not a token');
}

/**
 * The operator's own ServiceAccount token for the server: a file that its pod projects. Not the token for the API server, which no
 * other server may see.
 * @throws CredentialError
 */
export async function operatorJwt(environment: Environment, signal: AbortSignal): Promise<SecretValue> {
  const file = environment['HALLMARK_VAULT_TOKEN_FILE'];
  if (file === undefined) {
    const message =
      'the operator has no token to log in with: project one into its pods and name the file in HALLMARK_VAULT_TOKEN_FILE, or set VAULT_TOKEN';
    throw new CredentialError('NotFound', message);
  }
  const text = await readFile(file, { encoding: 'utf8', signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new CredentialError('NotFound', 'the file of HALLMARK_VAULT_TOKEN_FILE cannot be read', { cause: error });
  });
  return usable(text, 'the file of HALLMARK_VAULT_TOKEN_FILE holds no token');
}

/** A token that may stand in a header. */
function usable(text: string, otherwise: string): SecretValue {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return new SecretValue(token);
  throw new CredentialError('Invalid', otherwise);
}
