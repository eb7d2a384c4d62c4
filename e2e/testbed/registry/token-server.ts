// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePort } from '../processes/free-port.ts';
import { basicAuthorization, type Credentials } from './credentials.ts';

const keyID = 'testbed';

/** Issues registry tokens (distribution's token specification) for one account; anonymous callers get one without rights. */
export class TokenServer {
  readonly realm: string;
  readonly service = 'testbed-registry';
  readonly issuer = 'testbed-issuer';
  /** The public key, as a JSON Web Key Set. */
  readonly keySet: string;
  /** Tokens issued so far. */
  issued = 0;
  readonly #server: Server;
  readonly #key: KeyObject;
  readonly #credentials: Credentials;

  private constructor(port: number, credentials: Credentials) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    const key = { ...publicKey.export({ format: 'jwk' }), kid: keyID, alg: 'ES256', use: 'sig' };
    this.keySet = JSON.stringify({ keys: [key] });
    this.#credentials = credentials;
    // By name: clients in Go refuse the literal address of a realm that is not the registry's own host.
    this.realm = `http://localhost:${port}/token`;
    this.#server = createServer((request, response) => {
      this.#answer(request, response);
    });
  }

  static async start(credentials: Credentials): Promise<TokenServer> {
    const port = await freePort();
    const server = new TokenServer(port, credentials);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(port, '127.0.0.1', resolve);
    });
    server.#server.unref();
    return server;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.realm);
    const { authorization } = request.headers;
    if (request.method !== 'GET' || url.pathname !== '/token') {
      response.writeHead(404).end();
    } else if (authorization !== undefined && authorization !== basicAuthorization(this.#credentials)) {
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end('{"details":"incorrect username or password"}');
    } else {
      this.issued += 1;
      const token = this.#token(authorization === undefined ? [] : url.searchParams.getAll('scope'));
      const body = { token, access_token: token, expires_in: 300, issued_at: new Date().toISOString() };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
  }

  #token(scopes: readonly string[]): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      sub: this.#credentials.username,
      aud: this.service,
      exp: now + 300,
      nbf: now - 5,
      iat: now,
      jti: randomUUID(),
      access: scopes.flatMap((scope) => scope.split(' ')).map(accessOf),
    };
    const signed = [{ typ: 'JWT', alg: 'ES256', kid: keyID }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('sha256', Buffer.from(signed), { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }
}

/** `repository:team/app:pull,push`; the name itself may hold a colon. */
function accessOf(scope: string): { type: string; name: string; actions: string[] } {
  const first = scope.indexOf(':');
  const last = scope.lastIndexOf(':');
  return { type: scope.slice(0, first), name: scope.slice(first + 1, last), actions: scope.slice(last + 1).split(',') };
}
