// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { boundedJson } from '../../json/bounded-json.ts';
import { isObject } from '../../json/fields.ts';
import { CredentialError } from '../credential-error.ts';

/** A key of a Google service account, as the console and `gcloud iam service-accounts keys create` write it. */
export interface ServiceAccountKey {
  readonly email: string;
  readonly keyID?: string;
  readonly privateKey: KeyObject;
  readonly tokenURL: URL;
}

const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const LIFETIME_SECONDS = 3600;

/**
 * Reads a service account key. Other kinds of credential files are refused: they name files, commands and addresses of the
 * machine that they are read on.
 * @throws CredentialError `Invalid`
 */
export function serviceAccountKey(json: Uint8Array, secret: string): ServiceAccountKey {
  const invalid = (what: string): CredentialError =>
    new CredentialError('Invalid', `entry "credentials.json" of ${secret} ${what}`);
  const fields = boundedJson(Buffer.from(json));
  if (typeof fields !== 'object' || fields === null) throw invalid('is not JSON: put a service account key there');
  if (!isObject(fields) || fields['type'] !== 'service_account')
    throw invalid('is not of type "service_account": put the key of a service account there');
  const { client_email: email, private_key: pem, private_key_id: keyID, token_uri: tokenURI } = fields;
  if (typeof email !== 'string' || email === '' || typeof pem !== 'string')
    throw invalid('lacks client_email or private_key: put a whole service account key there');
  const tokenURL = URL.parse(typeof tokenURI === 'string' ? tokenURI : TOKEN_URL);
  if (tokenURL?.protocol !== 'https:') throw invalid('has a token_uri that is not an https URL: correct it');
  const privateKey = rsaKey(pem);
  if (privateKey === undefined) throw invalid('has a private_key that is not an RSA key in PEM: put a valid one there');
  return { email, privateKey, tokenURL, ...(typeof keyID === 'string' ? { keyID } : {}) };
}

/** The signed request for a token (RFC 7523): it serves at the token endpoint alone. */
export function signedGrant(key: ServiceAccountKey, scopes: readonly string[], now: Date): string {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(key.keyID === undefined ? {} : { kid: key.keyID }) };
  const claims = {
    iss: key.email,
    scope: scopes.join(' '),
    aud: key.tokenURL.href,
    iat: issuedAt,
    exp: issuedAt + LIFETIME_SECONDS,
  };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), key.privateKey).toString('base64url')}`;
}

function rsaKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}
