// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { tryParseJson } from '../../../json/try-parse-json.ts';
import { displayUrl } from '../../../net/display-url.ts';
import type { EgressRequest, EgressResponse } from '../../../net/egress-client.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import { StorageError } from '../../storage-error.ts';
import type { Challenge } from './challenge.ts';
import type { RegistryCredential } from './docker-config.ts';
import { refusal } from './registry-failure.ts';

const TokenResponse = Compile(
  Type.Object({
    token: Type.Optional(Type.String()),
    access_token: Type.Optional(Type.String()),
    expires_in: Type.Optional(Type.Unknown()),
  }),
);
/** The life of a token whose answer does not state it (distribution token authentication). */
const DEFAULT_LIFE_SECONDS = 60;
const MAX_TOKEN_RESPONSE_BYTES = 256 * 1024;
/** The characters and the length that servers accept in a header. */
const TOKEN = /^[\x21-\x7e]{1,65536}$/;

/** A token, and the life that its answer states. */
export interface GivenToken {
  readonly token: SecretValue;
  readonly lifeSeconds: number;
}

export interface TokenRequest {
  readonly challenge: Extract<Challenge, { scheme: 'Bearer' }>;
  /** The registry's origin: the realm may use http only if the origin does. */
  readonly origin: string;
  /** `repository:<path>:pull,push` */
  readonly scope: string;
  readonly credential: RegistryCredential | undefined;
  readonly doing: string;
  /** The remedy if the service refuses the credential. */
  readonly advice: string;
}

/**
 * Fetch a token for the scope from the service that the registry names (distribution token authentication; with an identity
 * token its OAuth 2 form). @throws StorageError
 */
export async function fetchRegistryToken(
  request: TokenRequest,
  send: (exchange: EgressRequest) => Promise<EgressResponse>,
): Promise<GivenToken> {
  const response = await send(exchange(request, realmUrl(request)));
  if (response.status !== 200) throw refusal(response, request.doing, request.advice);
  const body = tryParseJson(response.body);
  const given = TokenResponse.Check(body) ? body : {};
  const token = [given.token, given.access_token].find((text) => text !== undefined && TOKEN.test(text));
  if (token !== undefined) return { token: new SecretValue(token), lifeSeconds: lifeSeconds(given.expires_in) };
  throw new StorageError('BackendRejected', `${request.doing}: ${displayUrl(response.url)} gives no usable token`);
}

function lifeSeconds(expiresIn: unknown): number {
  return typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn : DEFAULT_LIFE_SECONDS;
}

/** The realm receives the credentials, so its connection must be as safe as that of the registry. */
function realmUrl(request: TokenRequest): URL {
  const url = URL.parse(request.challenge.realm);
  const plain = url?.protocol === 'http:' && request.origin.startsWith('http:');
  if (url === null || (url.protocol !== 'https:' && !plain) || url.username !== '' || url.password !== '') {
    const message = `${request.doing}: ${request.origin} names a token service that is not an https URL; its "realm" must be one`;
    throw new StorageError('BackendRejected', message);
  }
  return url;
}

function exchange(request: TokenRequest, realm: URL): EgressRequest {
  const { credential, challenge, scope } = request;
  const parameters = new URLSearchParams({
    scope,
    ...(challenge.service === undefined ? {} : { service: challenge.service }),
  });
  const maxResponseBytes = MAX_TOKEN_RESPONSE_BYTES;
  if (credential?.type === 'IdentityToken') {
    parameters.set('grant_type', 'refresh_token');
    parameters.set('client_id', 'hallmark');
    parameters.set('refresh_token', credential.token.revealText());
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: parameters.toString(), maxResponseBytes };
  }
  const url = new URL(realm);
  for (const [name, value] of parameters) url.searchParams.set(name, value);
  const headers = credential?.type === 'Basic' ? { authorization: basicAuthorization(credential) } : {};
  return { method: 'GET', url, headers, maxResponseBytes };
}

export function basicAuthorization(credential: Extract<RegistryCredential, { type: 'Basic' }>): string {
  return `Basic ${Buffer.from(`${credential.username}:${credential.password.revealText()}`, 'utf8').toString('base64')}`;
}
