// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { tryParseJson } from '../../../json/try-parse-json.ts';
import type { Access } from '../../../credentials/access.ts';
import type { AccessToken } from '../../../credentials/access-token.ts';
import { azureCredential } from '../../../credentials/azure/azure-credential.ts';
import type { Identity } from '../../../credentials/identity.ts';
import type { TlsOptions } from '../../../net/tls-options.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import { StorageError } from '../../storage-error.ts';
import { refusal } from '../registry/registry-failure.ts';

export interface AcrOptions {
  readonly identity: Identity;
  /** `https://name.azurecr.io` */
  readonly origin: string;
  readonly tenantID?: string | undefined;
  readonly clientID?: string | undefined;
  /** The directory's host; Microsoft's own by default. */
  readonly authorityHost?: string | undefined;
  readonly authorityTls?: TlsOptions | undefined;
  readonly tls?: TlsOptions | undefined;
}

const SCOPE = 'https://containerregistry.azure.net/.default';
const MAX_RESPONSE_BYTES = 64 * 1024;
/** The lifetime of the registry's refresh tokens: three hours. */
const LIFETIME_MS = 3 * 3600 * 1000;
const TokenResponse = Compile(Type.Object({ refresh_token: Type.String({ minLength: 1 }) }));

/**
 * Exchange a token of the directory for a refresh token of an Azure registry (`/oauth2/exchange`).
 * @throws StorageError, CredentialError or EgressError
 */
export async function acrRefreshToken(options: AcrOptions, access: Access, signal: AbortSignal): Promise<AccessToken> {
  const { identity, origin, tenantID, clientID, authorityHost, authorityTls, tls = {} } = options;
  const credential = azureCredential({ identity, tenantID, clientID, authorityHost, tls: authorityTls }, access);
  const granted = await credential.getToken(SCOPE, { abortSignal: signal });
  const url = new URL('/oauth2/exchange', origin);
  const doing = `asking ${url.host} for a registry token`;
  if (granted === null) throw new StorageError('BackendUnauthorized', `${doing}: the directory gives no token`);
  const body = new URLSearchParams({
    grant_type: 'access_token',
    service: url.host,
    ...(tenantID === undefined ? {} : { tenant: tenantID }),
    access_token: granted.token,
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const exchange = { method: 'POST', url, headers, body: body.toString(), tls } as const;
  const response = await access.egress.request({ ...exchange, maxResponseBytes: MAX_RESPONSE_BYTES }, signal);
  if (response.status !== 200) throw refusal(response, doing);
  const parsed = tryParseJson(response.body);
  if (!TokenResponse.Check(parsed)) throw new StorageError('BackendUnavailable', `${doing}: it gives none`);
  const expiresAt = new Date(access.clock.now().getTime() + LIFETIME_MS);
  return { token: new SecretValue(parsed.refresh_token), expiresAt };
}
