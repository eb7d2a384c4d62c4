// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { EgressClient } from '../../../net/egress-client.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import { reasonOf } from '../../reason-of.fixture.ts';
import { AnsweringServer } from './answering-server.fixture.ts';
import { RegistrySession } from './registry-session.ts';
import type { SessionCredential } from './registry-authorization.ts';

const never = new AbortController().signal;
const REQUEST = { method: 'GET', target: '/v2/team/app/manifests/latest', doing: 'reading it' } as const;

function login(username: string): SessionCredential {
  const credential = { type: 'Basic', username, password: new SecretValue(`planted-${username}`) } as const;
  return { credential, source: `Secret team/${username}` };
}

function userOf(authorization = ''): string {
  const [user = ''] = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString('utf8').split(':');
  return user;
}

describe('RegistrySession', () => {
  let registry: AnsweringServer;
  let tokens: AnsweringServer;
  let egress: EgressClient;

  before(async () => {
    [registry, tokens] = await Promise.all([AnsweringServer.start(), AnsweringServer.start()]);
    egress = new EgressClient({ allow: [registry.host, tokens.host] });
  });
  beforeEach(() => {
    registry.forget();
    tokens.forget();
  });
  after(async () => {
    await egress.close();
    await Promise.all([registry.stop(), tokens.stop()]);
  });

  function session(credentials: readonly SessionCredential[], passedOver: readonly string[] = []): RegistrySession {
    const repository = { registry: registry.host, path: 'team/app' };
    return new RegistrySession({ egress, repository, tls: {}, credentials, passedOver, actions: 'pull' });
  }

  /** Demand Basic authentication and answer each user with a status of their own. */
  function wantBasic(statuses: Readonly<Record<string, number>>): void {
    registry.answer = ({ headers }, response) => {
      const status = headers.authorization === undefined ? 401 : (statuses[userOf(headers.authorization)] ?? 401);
      response.writeHead(status, status === 401 ? { 'www-authenticate': 'Basic realm="x"' } : {}).end();
    };
  }

  for (const refusal of [401, 403]) {
    it(`goes on to the next credential when one is answered ${refusal}, and stays with the one that is taken`, async () => {
      wantBasic({ expired: refusal, good: 200 });
      const tried = session([login('expired'), login('good')]);
      assert.equal((await tried.request(REQUEST, never)).status, 200);
      assert.equal((await tried.request(REQUEST, never)).status, 200);
      assert.deepEqual(
        registry.requests.map(({ headers }) => userOf(headers.authorization)),
        ['', 'expired', 'good', 'good'],
      );
    });
  }

  it('goes on when the token service refuses a credential', async () => {
    tokens.answer = ({ headers }, response) => {
      const isGood = userOf(headers.authorization) === 'good';
      response.writeHead(isGood ? 200 : 401).end(isGood ? '{"token":"granted"}' : '{}');
    };
    registry.answer = ({ headers }, response) => {
      const isGranted = headers.authorization === 'Bearer granted';
      const challenge = { 'www-authenticate': `Bearer realm="http://${tokens.host}/token",service="x"` };
      response.writeHead(isGranted ? 200 : 401, isGranted ? {} : challenge).end();
    };
    assert.equal((await session([login('expired'), login('good')]).request(REQUEST, never)).status, 200);
    const refused = session([login('expired')]).request(REQUEST, never);
    assert.equal(await reasonOf(refused, /answers 401; tried Secret team\/expired; give/), 'BackendUnauthorized');
  });

  it('names the Secrets that were tried and skipped, and shows no secret', async () => {
    wantBasic({});
    const passedOver = ['Secret team/files (is of type Opaque)'];
    const refused = session([login('one'), login('two')], passedOver).request(REQUEST, never);
    const error = await refused.catch((reason: unknown) => reason);
    assert.ok(error instanceof Error);
    assert.match(
      error.message,
      /tried Secret team\/one, Secret team\/two, skipped Secret team\/files \(is of type Opaque\); give/,
    );
    assert.doesNotMatch(error.message, /planted/);
    const none = session([]).request(REQUEST, never);
    assert.equal(await reasonOf(none, /no credentials are for it; give/), 'BackendUnauthorized');
  });

  it('hands back 403 when no credential gets further, and goes on with the one that served before', async () => {
    wantBasic({ reader: 200, other: 403 });
    const tried = session([login('reader'), login('other')]);
    assert.equal((await tried.request(REQUEST, never)).status, 200);
    wantBasic({ reader: 403, other: 403 });
    const response = await tried.request(REQUEST, never);
    assert.equal(response.status, 403);
    assert.match(tried.refusal(response, 'reading it').message, /tried Secret team\/reader, Secret team\/other/);
    wantBasic({ reader: 200 });
    registry.forget();
    assert.equal((await tried.request(REQUEST, never)).status, 200);
    assert.equal(registry.requests.length, 1);
  });
});
