// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { CredentialError } from '../credential-error.ts';
import { managedIdentity } from './managed-identity.ts';

/** Names the metadata server, in the environment of the operator. */
const VARIABLE = 'AZURE_POD_IDENTITY_AUTHORITY_HOST';

describe("the managed identity of the operator's node", () => {
  let server: Server;
  let asked: string[];
  let status: number;
  let body: unknown;

  before(async () => {
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://metadata');
      const names = ['resource', 'client_id'].map((name) => url.searchParams.get(name) ?? 'none');
      asked.push([request.headers['metadata'], url.pathname.replace(/\/$/, ''), ...names].join(' '));
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    process.env[VARIABLE] = `http://127.0.0.1:${address.port}`;
  });
  after(() => {
    Reflect.deleteProperty(process.env, VARIABLE);
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    asked = [];
    status = 200;
    // As the metadata server writes them: seconds, as a text.
    const expiry = String(Math.floor(Date.now() / 1000) + 3600);
    body = {
      access_token: 'planted-token',
      expires_on: expiry,
      token_type: 'Bearer',
      resource: 'https://vault.azure.net',
    };
  });

  const PATH = '/metadata/identity/oauth2/token';

  it('gives tokens of the metadata server, and the same one while it holds', async () => {
    const credential = managedIdentity({});
    const token = await credential.getToken('https://vault.azure.net/.default');
    assert.equal(token?.token, 'planted-token');
    assert.ok(Math.abs(token.expiresOnTimestamp - Date.now() - 3_600_000) < 600_000);
    assert.equal((await credential.getToken(['https://vault.azure.net/.default']))?.token, 'planted-token');
    assert.deepEqual(asked, [`true ${PATH} https://vault.azure.net none`]);
  });

  it('is that of the application which the policy names', async () => {
    await managedIdentity({ clientID: 'app' }).getToken('https://named.example/.default');
    assert.deepEqual(asked, [`true ${PATH} https://named.example app`]);
  });

  it('is asked once for a token, says what to do without one, and shows nothing of the answer', async () => {
    const credential = managedIdentity({});
    for (const [code, answer] of [
      [404, {}],
      [410, {}],
      [429, {}],
      [500, { error: 'planted', error_description: 'planted' }],
      [400, { error: 'invalid_resource', error_description: 'planted' }],
      [200, { planted: 1 }],
      [200, 'planted'],
      [200, null],
    ] as const) {
      asked = [];
      [status, body] = [code, answer];
      const error: unknown = await credential.getToken('https://refused.example/.default').catch((why: unknown) => why);
      assert.ok(error instanceof CredentialError, inspect(error));
      assert.equal(error.reason, 'Unavailable');
      assert.match(error.message, /^the operator has no Azure credentials: bind its ServiceAccount/);
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('planted'));
      assert.equal(asked.length, 1, `${code}`);
    }
  });
});
