// SPDX-License-Identifier: Apache-2.0
import { boundedJson } from '../../json/bounded-json.ts';
import { field, numberField, stringField } from '../../json/fields.ts';
import { displayUrl } from '../../net/display-url.ts';
import type { EgressClient } from '../../net/egress-client.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import type { Clock } from '../../runtime/clock.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import type { AccessToken } from '../access-token.ts';
import { CredentialError } from '../credential-error.ts';

const MAX_RESPONSE_BYTES = 65_536;
const TIMEOUT_MS = 10_000;
const MAX_LIFETIME_SECONDS = 12 * 3600;

/** The errors of RFC 6749 and RFC 8693 and the statuses of Google's APIs: nothing else of an answer is shown, for it may repeat a token. */
const KNOWN_ERRORS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'access_denied',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'NOT_FOUND',
  'INVALID_ARGUMENT',
] as const;

export interface TokenExchange {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The refused party, with the remedy: "the service account key of …: …". */
  readonly whenRefused: string;
  readonly tls?: TlsOptions | undefined;
}

/** Asks an endpoint of Google's for an access token. @throws CredentialError, EgressError */
export async function exchangedToken(
  exchange: TokenExchange,
  { egress, clock }: { readonly egress: EgressClient; readonly clock: Clock },
  signal: AbortSignal,
): Promise<AccessToken> {
  const { url, headers, body, tls } = exchange;
  const limits = { maxResponseBytes: MAX_RESPONSE_BYTES, timeoutMs: TIMEOUT_MS };
  const request = { method: 'POST', url, headers, body, ...limits, ...(tls === undefined ? {} : { tls }) } as const;
  const { status, body: responseBody } = await egress.request(request, signal);
  const fields = boundedJson(responseBody);
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    const message = `${displayUrl(url)} answers ${status}${errorName(fields)}: ${exchange.whenRefused}`;
    throw new CredentialError('Unauthorized', message);
  }
  const token = status === 200 ? tokenOf(fields, clock.now()) : undefined;
  if (token !== undefined) return token;
  const message = `${displayUrl(url)} gives no token (it answers ${status}); it is asked again`;
  throw new CredentialError('Unavailable', message);
}

/** The answer of a token endpoint (RFC 6749) or of IAM's generateAccessToken. */
function tokenOf(fields: unknown, now: Date): AccessToken | undefined {
  const token = field(fields, 'access_token') ?? field(fields, 'accessToken');
  if (typeof token !== 'string' || !/^[\x21-\x7e]{1,16384}$/.test(token)) return undefined;
  const expiresAt = endOf(fields, now);
  return { token: new SecretValue(token), ...(expiresAt === undefined ? {} : { expiresAt }) };
}

function endOf(fields: unknown, now: Date): Date | undefined {
  const seconds = numberField(fields, 'expires_in') ?? 0;
  const latest = now.getTime() + MAX_LIFETIME_SECONDS * 1000;
  if (seconds > 0) return new Date(Math.min(now.getTime() + seconds * 1000, latest));
  const end = Date.parse(stringField(fields, 'expireTime') ?? '');
  return Number.isNaN(end) ? undefined : new Date(Math.min(end, latest));
}

function errorName(fields: unknown): string {
  const error = field(fields, 'error');
  const stated = field(error, 'status') ?? error;
  const known = KNOWN_ERRORS.find((name) => name === stated);
  return known === undefined ? '' : ` (${known})`;
}
