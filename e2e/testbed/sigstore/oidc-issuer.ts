// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { freePort } from '../processes/free-port.ts';
import type { TokenIssuer } from './fulcio.ts';

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience: string;
  readonly lifetimeSeconds?: number;
}

const KEY_ID = 'testbed';

/**
 * An issuer of ServiceAccount tokens as the API server is one: OpenID discovery and keys over HTTP, RS256 tokens with Kubernetes'
 * claims. For tests that need Fulcio and no cluster; the API server itself is the issuer where there is one.
 */
export class OidcIssuer implements TokenIssuer {
  readonly url: string;
  readonly #server: Server;
  readonly #privateKey: KeyObject;

  private constructor(url: string, server: Server, privateKey: KeyObject) {
    this.url = url;
    this.#server = server;
    this.#privateKey = privateKey;
  }

  static async start(): Promise<OidcIssuer> {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }] };
    const discovery = {
      issuer: url,
      jwks_uri: `${url}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
    const server = createServer((request, response) => {
      if (request.url === '/.well-known/openid-configuration') answer(response, discovery);
      else if (request.url === '/openid/v1/jwks') answer(response, keys);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    server.unref();
    return new OidcIssuer(url, server, privateKey);
  }

  /** A token as TokenRequest gives it. */
  token({ namespace, serviceAccount, audience, lifetimeSeconds = 600 }: TokenClaims): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.url,
      aud: [audience],
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
      iat: now,
      nbf: now,
      exp: now + lifetimeSeconds,
      'kubernetes.io': { namespace, serviceaccount: { name: serviceAccount, uid: '1a2b' } },
    };
    const body = [{ alg: 'RS256', kid: KEY_ID, typ: 'JWT' }, claims].map(encoded).join('.');
    return `${body}.${sign('sha256', Buffer.from(body), this.#privateKey).toString('base64url')}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function answer(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
