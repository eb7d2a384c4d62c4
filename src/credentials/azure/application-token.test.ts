// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { EgressClient } from '../../net/egress-client.ts';
import { selfSignedCertificate } from '../../net/self-signed-certificate.fixture.ts';
import { systemClock } from '../../runtime/clock.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import { CredentialError } from '../credential-error.ts';
import type { AccessToken } from '../access-token.ts';
import { type Application, applicationToken } from './application-token.ts';

const { certificate, key } = selfSignedCertificate();
const TENANT = '5c4b3a29-1111-4222-8333-444455556666';
const never = new AbortController().signal;
const nothing = () => Promise.resolve(undefined);

describe('the token of an application', () => {
  let server: Server;
  let origin: string;
  let egress: EgressClient;
  /** Method and path of each request, and the last form. */
  let asked: string[];
  let form: URLSearchParams;
  /** Replaces the response to the request for a token, and to that for the metadata. */
  let answer: (response: ServerResponse) => void;
  let metadata: ((response: ServerResponse) => void) | undefined;

  before(async () => {
    server = createServer({ cert: certificate, key }, (request, response) => {
      asked.push(`${request.method ?? ''} ${(request.url ?? '').replace(/\?.*/, '')}`);
      void text(request).then((body) => {
        form = new URLSearchParams(body);
        if (request.method === 'POST') answer(response);
        else if (metadata === undefined) send(response, 200, endpoints());
        else metadata(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    origin = `https://127.0.0.1:${address.port}`;
    egress = new EgressClient({ allow: [`127.0.0.1:${address.port}`] });
  });
  after(async () => {
    await egress.close();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    asked = [];
    metadata = undefined;
    answer = (response) => {
      send(response, 200, { token_type: 'Bearer', expires_in: 3600, access_token: 'planted-token' });
    };
  });
  afterEach(() => {
    delete process.env['MSAL_FORCE_REGION'];
  });

  function endpoints(): object {
    const authority = `${origin}/${TENANT}`;
    return {
      issuer: `${authority}/v2.0`,
      jwks_uri: `${authority}/keys`,
      authorization_endpoint: `${authority}/authorize`,
      token_endpoint: `${authority}/oauth2/v2.0/token`,
    };
  }

  function send(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  function token(changes: Partial<Application> = {}, signal = never): Promise<AccessToken> {
    const application: Application = {
      name: 'the application',
      remedy: 'correct it',
      authority: new URL(origin),
      tenantID: TENANT,
      clientID: 'app',
      proof: { type: 'Secret', clientSecret: new SecretValue('planted~secret') },
      ...changes,
    };
    const objects = { getSecret: nothing, getTypedSecret: nothing, getConfigMap: nothing, getServiceAccount: nothing };
    const tokens = { token: () => Promise.reject(new TypeError('no token is asked for')) };
    const access = { objects, tokens, egress, clock: systemClock };
    const request = { application, scope: 'https://vault.azure.net/.default', tls: { ca: certificate } };
    return applicationToken(request, access, signal);
  }

  async function failure(promise: Promise<unknown>): Promise<CredentialError> {
    const error: unknown = await promise.catch((why: unknown) => why);
    assert.ok(error instanceof CredentialError, inspect(error));
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('planted'));
    return error;
  }

  const METADATA = `GET /${TENANT}/v2.0/.well-known/openid-configuration`;
  const TOKEN = `POST /${TENANT}/oauth2/v2.0/token`;

  it('is asked for with its secret, or with its assertion, and with nothing of an earlier one', async () => {
    const { token: first, expiresAt } = await token();
    assert.equal(first.revealText(), 'planted-token');
    assert.ok(expiresAt !== undefined && Math.abs(expiresAt.getTime() - Date.now() - 3_600_000) < 600_000);
    assert.deepEqual(
      ['grant_type', 'client_id', 'scope', 'client_secret', 'client_assertion'].map((name) => form.get(name)),
      ['client_credentials', 'app', 'https://vault.azure.net/.default', 'planted~secret', null],
    );
    let made = 0;
    const assertion = (): Promise<string> => Promise.resolve(`assertion ${(made += 1)}`);
    await token({ proof: { type: 'Assertion', assertion } });
    assert.deepEqual(
      ['client_secret', 'client_assertion', 'client_assertion_type'].map((name) => form.get(name)),
      [null, 'assertion 1', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
    );
    assert.equal(made, 1);
    assert.deepEqual(asked, [METADATA, TOKEN, METADATA, TOKEN]);
  });

  it('is asked of the authority alone: of no third party, and of no region of the environment', async () => {
    process.env['MSAL_FORCE_REGION'] = 'westeurope';
    await token();
    assert.deepEqual(asked, [METADATA, TOKEN]);
    metadata = (response) => {
      send(response, 404, {});
    };
    assert.match((await failure(token())).message, /answers 404 to the application: correct it/);
    assert.deepEqual(asked.slice(2), [METADATA]);
  });

  it('is asked for once, whatever the answer is', async () => {
    for (const [status, body, reason, message] of [
      [401, { error: 'invalid_client', error_description: 'planted' }, 'Unauthorized', /401 \(invalid_client\)/],
      [400, { error: 'planted' }, 'Unauthorized', /answers 400 to/],
      [429, {}, 'Unavailable', /answers 429/],
      [503, { error: 'planted' }, 'Unavailable', /answers 503/],
      [200, { planted: 1 }, 'Unavailable', /answers 200 and gives no token/],
      [200, 'planted', 'Unavailable', /answers 200 and gives no token/],
      [200, null, 'Unavailable', /answers 200 and gives no token/],
    ] as const) {
      asked = [];
      answer = (response) => {
        send(response, status, body);
      };
      const error = await failure(token());
      assert.equal(error.reason, reason);
      assert.match(error.message, message);
      assert.deepEqual(asked, [METADATA, TOKEN]);
    }
  });

  it('is not asked for by a name of a directory that would lead elsewhere', async () => {
    for (const tenantID of ['', '../other', 'a/b', 'a?b', 'a#b', 'a%2fb', 'common'])
      assert.match((await failure(token({ tenantID }))).message, /is not asked/);
    assert.deepEqual(asked, []);
  });

  it('says why there is no assertion, and asks nobody then', async () => {
    const missing = new CredentialError('NotFound', 'no such account');
    const assertion = (): Promise<string> => Promise.reject(missing);
    assert.equal(await failure(token({ proof: { type: 'Assertion', assertion } })), missing);
    assert.deepEqual(asked, []);
  });

  it('is given up at once with its caller', async () => {
    const caller = new AbortController();
    const why = new Error('the caller leaves');
    const ended = new Promise<void>((resolve) => {
      answer = (response) => {
        response.on('close', resolve);
        caller.abort(why);
      };
    });
    assert.equal(await token({}, caller.signal).catch((error: unknown) => error), why);
    await ended;
  });
});
