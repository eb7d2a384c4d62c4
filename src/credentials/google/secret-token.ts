// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { TlsOptions } from '../../net/tls-options.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import type { Access } from '../access.ts';
import type { Identity } from '../identity.ts';
import type { AccessToken, AccessTokenSource } from '../access-token.ts';
import { KeptToken } from '../kept-token.ts';
import { serviceAccountKey, signedGrant } from './service-account-key.ts';
import { exchangedToken } from './token-endpoint.ts';
import { CredentialError } from '../credential-error.ts';

export interface SecretTokenOptions {
  readonly identity: Extract<Identity, { type: 'Secret' }>;
  readonly scopes: readonly string[];
  readonly tls?: TlsOptions | undefined;
}

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Tokens from a Secret: a ready one in `access_token`, or made with the service account key in `credentials.json`. The Secret is read at each use. */
export function secretToken(options: SecretTokenOptions, access: Access): AccessTokenSource {
  const kept = new KeptToken(access.clock);
  return {
    token: async (signal) => {
      const { identity } = options;
      const secret = `Secret "${identity.namespace}/${identity.secretName}"`;
      const entries = await access.objects.getSecret(identity.namespace, identity.secretName, signal);
      if (entries === undefined) throw new CredentialError('NotFound', `${secret} does not exist: create it`);
      const ready = entries['access_token'];
      if (ready !== undefined) return readyToken(ready, secret);
      const json = entries['credentials.json'];
      if (json === undefined) {
        const message = `${secret} has neither "credentials.json" (a service account key) nor "access_token": put one of them there`;
        throw new CredentialError('Invalid', message);
      }
      const madeFrom = createHash('sha256').update(json).digest('hex');
      return kept.token(madeFrom, (bounded) => grantedToken(json, secret, { options, access }, bounded));
    },
    refused: () => {
      kept.forget();
    },
  };
}

function readyToken(entry: Uint8Array, secret: string): AccessToken {
  const token = Buffer.from(entry).toString('utf8').trim();
  if (!/^[\x21-\x7e]{1,16384}$/.test(token))
    throw new CredentialError('Invalid', `entry "access_token" of ${secret} is not a token: put one there`);
  return { token: new SecretValue(token) };
}

function grantedToken(
  json: Uint8Array,
  secret: string,
  { options, access }: { readonly options: SecretTokenOptions; readonly access: Access },
  signal: AbortSignal,
): Promise<AccessToken> {
  const key = serviceAccountKey(json, secret);
  const assertion = signedGrant(key, options.scopes, access.clock.now());
  const exchange = {
    url: key.tokenURL,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({ grant_type: GRANT_TYPE, assertion }).toString(),
    whenRefused: `the service account key of ${secret} is not accepted: put a valid one there`,
    tls: options.tls,
  };
  return exchangedToken(exchange, access, signal);
}
