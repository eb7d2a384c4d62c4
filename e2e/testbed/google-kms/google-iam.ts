// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { TokenIssuer } from '../sigstore/fulcio.ts';
import type { DoubleAnswer, DoubleRequest } from '../token-exchange/tls-double.ts';
import { parsed, trustedToken } from '../token-exchange/trusted-token.ts';

const JWT_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const LIFETIME_SECONDS = 3600;

/**
 * A double of Google's token services, for tests: there is no emulator. It gives tokens for service account keys (RFC 7523), for
 * federated tokens that a workload identity provider trusts (RFC 8693), and by impersonation, each after the checks that count.
 * It knows neither scopes nor conditions nor attribute mappings: the subject is the token's.
 */
export class GoogleIam {
  /** `projects/N/…/providers/NAME`, by what it trusts. */
  readonly providers = new Map<string, TokenIssuer>();
  /** The principals that may impersonate a service account, by e-mail. */
  readonly impersonators = new Map<string, string>();
  /** Every token that was given, and for whom. */
  readonly tokens = new Map<string, string>();
  readonly #keys = new Map<string, { readonly key: KeyObject; readonly audience: string }>();

  /** A new key file of a service account, in place of its last one; its token endpoint is at `url`. */
  serviceAccountKey(email: string, url: string): string {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#keys.set(email, { key: publicKey, audience: `${url}/token` });
    return JSON.stringify({
      type: 'service_account',
      project_id: 'team-project',
      private_key_id: 'key-1',
      private_key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      client_email: email,
      token_uri: `${url}/token`,
    });
  }

  /** A new token of a principal. */
  token(principal: string): string {
    const token = `ya29.planted-${randomBytes(24).toString('base64url')}`;
    this.tokens.set(token, principal);
    return token;
  }

  /** Undefined for a request that is none of the token services. */
  async answer(request: DoubleRequest): Promise<DoubleAnswer | undefined> {
    if (request.method !== 'POST') return undefined;
    if (request.path === '/token') return this.#granted(new URLSearchParams(request.body));
    if (request.path === '/v1/token') return this.#exchanged(new URLSearchParams(request.body));
    const [, email] = /^\/v1\/projects\/-\/serviceAccounts\/([^:/]+):generateAccessToken$/.exec(request.path) ?? [];
    return email === undefined ? undefined : this.#impersonated(email, request);
  }

  #granted(form: URLSearchParams): DoubleAnswer {
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const { iss, aud, exp, scope } = parsed(Buffer.from(claims, 'base64url').toString());
    const known = this.#keys.get(String(iss));
    const signed = Buffer.from(`${header}.${claims}`);
    const isSigned = known !== undefined && verify('sha256', signed, known.key, Buffer.from(signature, 'base64url'));
    const isValid = isSigned && aud === known.audience && Number(exp) > Date.now() / 1000 && scope !== '';
    if (form.get('grant_type') !== JWT_GRANT || !isValid) return refused('invalid_grant', form);
    return given(this.token(`serviceAccount:${String(iss)}`));
  }

  async #exchanged(form: URLSearchParams): Promise<DoubleAnswer> {
    const audience = form.get('audience') ?? '';
    const provider = audience.replace('//iam.googleapis.com/', '');
    const issuer = this.providers.get(provider);
    if (form.get('grant_type') !== EXCHANGE_GRANT || issuer === undefined) return refused('invalid_target', form);
    const claims = await trustedToken(form.get('subject_token') ?? '', issuer, audience);
    if (claims === undefined) return refused('invalid_grant', form);
    const pool = provider.replace(/\/providers\/.*$/, '');
    return given(this.token(`principal://iam.googleapis.com/${pool}/subject/${claims.sub}`));
  }

  #impersonated(email: string, { headers, body }: DoubleRequest): DoubleAnswer {
    const principal = this.tokens.get((headers['authorization'] ?? '').replace('Bearer ', ''));
    if (principal === undefined || this.impersonators.get(email) !== principal) return denied(403, 'PERMISSION_DENIED');
    if (!Array.isArray(parsed(body)['scope'])) return denied(400, 'INVALID_ARGUMENT');
    const expireTime = new Date(Date.now() + LIFETIME_SECONDS * 1000).toISOString();
    return { status: 200, body: { accessToken: this.token(`serviceAccount:${email}`), expireTime } };
  }
}

function given(token: string): DoubleAnswer {
  return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: LIFETIME_SECONDS } };
}

/** Reflects the request, as servers may: it must not be shown. */
function refused(error: string, form: URLSearchParams): DoubleAnswer {
  return { status: 400, body: { error, error_description: `not accepted: ${form.toString()}` } };
}

/** An error of Google's APIs. */
export function denied(code: number, status: string, message = status): DoubleAnswer {
  return { status: code, body: { error: { code, status, message } } };
}
