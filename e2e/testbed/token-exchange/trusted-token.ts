// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { EgressClient } from '../../../src/net/egress-client.ts';
import type { TokenIssuer } from '../sigstore/fulcio.ts';

export interface TrustedClaims {
  readonly sub: string;
  readonly aud: readonly string[];
}

/**
 * Checks a federated token as clouds do: its signature is verified with the keys that the issuer publishes, and issuer, audience and
 * time are checked. Undefined for a token that is not to be trusted.
 */
export async function trustedToken(
  token: string,
  issuer: TokenIssuer,
  audience: string,
): Promise<TrustedClaims | undefined> {
  const [header = '', claims = '', signature = '', ...rest] = token.split('.');
  const { kid, alg } = fields(header);
  const { iss, aud, sub, exp, nbf } = fields(claims);
  const key = (await issuerKeys(issuer)).find((jwk) => jwk['kid'] === kid);
  if (rest.length > 0 || key === undefined || alg !== 'RS256') return undefined;
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const isSigned = verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'));
  const now = Date.now() / 1000;
  const isTimely = typeof exp === 'number' && exp > now && !(typeof nbf === 'number' && nbf > now + 5);
  const audiences = [aud].flat().map(String);
  if (!isSigned || !isTimely || iss !== issuer.url || !audiences.includes(audience)) return undefined;
  return { sub: String(sub), aud: audiences };
}

async function issuerKeys({ url, caFile }: TokenIssuer): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const egress = new EgressClient({ allow: [new URL(url).host] });
  try {
    const tls = caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') };
    const request = { method: 'GET', url: new URL('/openid/v1/jwks', url), tls } as const;
    const { body } = await egress.request(request, AbortSignal.timeout(5000));
    const keys = parsed(body.toString())['keys'];
    return Array.isArray(keys) ? keys.map((key: unknown) => asFields(key)) : [];
  } finally {
    await egress.close();
  }
}

function fields(part: string): Readonly<Record<string, unknown>> {
  return parsed(Buffer.from(part, 'base64url').toString('utf8'));
}

/** A JSON object; empty for anything else. */
export function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return {};
  }
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
