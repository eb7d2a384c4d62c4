// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import { KubeError } from './kube-error.ts';
import { KubeTokenSource } from './kube-token-source.ts';
import { CredentialError } from '../credentials/credential-error.ts';

const never = new AbortController().signal;
const destinations = [
  { audience: 'sigstore', hosts: ['fulcio.example', 'fulcio.internal:80'] },
  { audience: 'cloud', hosts: ['*.cloud.example'] },
  { audience: 'cloud', hosts: ['login.other-cloud.example'] },
  // Mistakes that an administrator must not be able to make.
  { audience: 'https://kubernetes.default.svc.cluster.local', hosts: ['fulcio.example'] },
  { audience: 'https://kubernetes.default.svc', hosts: ['fulcio.example'] },
  { audience: 'https://managed.example/clusters/c', hosts: ['fulcio.example'] },
];
/** A name that the API server of a managed cluster may use for itself. */
const OWN = 'https://managed.example/clusters/c';
const request = {
  namespace: 'team-a',
  serviceAccountName: 'signer',
  audience: 'sigstore',
  host: 'fulcio.example',
};

/** The API server as this source sees it: one call, whose answer a test chooses. The real one answers in e2e/sigstore/keyless-record.test.ts. */
class TokenEndpoint {
  readonly asked: unknown[] = [];
  answer: () => Promise<unknown>;

  constructor(clock: ManualClock) {
    this.answer = () => {
      const expirationTimestamp = new Date(clock.now().getTime() + 600_000).toISOString();
      return Promise.resolve({ status: { token: `token-${this.asked.length}`, expirationTimestamp } });
    };
  }

  ownAudiences(): Promise<readonly string[]> {
    return Promise.resolve([OWN]);
  }

  createToken(account: object, token: object): Promise<unknown> {
    this.asked.push({ ...account, ...token });
    return this.answer();
  }
}

function bed() {
  const clock = new ManualClock();
  const client = new TokenEndpoint(clock);
  return { clock, client, source: new KubeTokenSource({ client, clock, destinations }) };
}

function refusal(status: number): KubeError {
  return new KubeError({ status, reason: 'x', message: 'planted-text' });
}

async function tokenError(promise: Promise<unknown>): Promise<CredentialError> {
  const error: unknown = await promise.catch((failure: unknown) => failure);
  assert.ok(error instanceof CredentialError, String(error));
  return error;
}

describe('KubeTokenSource', () => {
  it('asks for a token of the audience for ten minutes, and keeps it until two minutes before its end', async () => {
    const { clock, client, source } = bed();
    const first = await source.token(request, never);
    assert.deepEqual(client.asked, [{ namespace: 'team-a', name: 'signer', audience: 'sigstore', seconds: 600 }]);
    await clock.advance(479_000);
    assert.equal(await source.token(request, never), first);
    await clock.advance(2_000);
    assert.notEqual(await source.token(request, never), first);
    assert.equal(client.asked.length, 2);
  });

  it('keeps the tokens of each account and audience apart', async () => {
    const { client, source } = bed();
    await source.token(request, never);
    await source.token({ ...request, serviceAccountName: 'other' }, never);
    await source.token({ ...request, namespace: 'team-b' }, never);
    await source.token({ ...request, audience: 'cloud', host: 'sts.cloud.example' }, never);
    assert.equal(client.asked.length, 4);
  });

  it('goes by every entry of an audience', async () => {
    const { client, source } = bed();
    for (const host of ['sts.cloud.example', 'login.other-cloud.example'])
      await source.token({ ...request, audience: 'cloud', host }, never);
    assert.equal(client.asked.length, 1);
  });

  it("refuses a token for the API server's own audience, even if it is listed", async () => {
    const { client, source } = bed();
    for (const audience of ['https://kubernetes.default.svc.cluster.local', 'https://kubernetes.default.svc', OWN]) {
      const error = await tokenError(source.token({ ...request, audience }, never));
      assert.equal(error.reason, 'Forbidden');
      assert.match(error.message, /API server's own/);
    }
    assert.equal(client.asked.length, 0);
  });

  const refused: readonly Partial<typeof request>[] = [
    { host: 'evil.example' },
    { host: 'fulcio.example:8443' },
    { host: 'fulcio.example:80' },
    { host: 'fulcio.example.evil.example' },
    { host: 'fulcio.internal' },
    { audience: 'https://kubernetes.default.svc' },
    { audience: 'cloud' },
    { audience: 'cloud', host: 'cloud.example' },
    { audience: 'cloud', host: 'evilcloud.example' },
    { audience: 'cloud', host: 'a.cloud.example:8080' },
  ];
  for (const change of refused) {
    it(`asks for no token with ${JSON.stringify(change)}`, async () => {
      const { client, source } = bed();
      const { reason, message } = await tokenError(source.token({ ...request, ...change }, never));
      assert.equal(reason, 'Forbidden');
      assert.match(message, /tokens\.destinations/);
      assert.deepEqual(client.asked, []);
    });
  }

  const failures: readonly (readonly [number, CredentialError['reason'], RegExp])[] = [
    [404, 'NotFound', /"team-a\/signer" does not exist: create it/],
    [403, 'Forbidden', /tokens\.serviceAccounts of the chart/],
    [500, 'Unavailable', /gives no token/],
  ];
  for (const [status, code, pattern] of failures) {
    it(`says ${code} when the API server answers ${status}`, async () => {
      const { client, source } = bed();
      client.answer = () => Promise.reject(refusal(status));
      const error = await tokenError(source.token(request, never));
      assert.equal(error.reason, code);
      assert.match(error.message, pattern);
    });
  }

  for (const answer of [{}, { status: {} }, { status: { token: 'planted' } }, null, 'planted']) {
    it(`takes ${JSON.stringify(answer)} for no token`, async () => {
      const { client, source } = bed();
      client.answer = () => Promise.resolve(answer);
      const error = await tokenError(source.token(request, never));
      assert.equal(error.reason, 'Unavailable');
      assert.ok(!inspect(error, { depth: 8 }).includes('planted'));
    });
  }

  it('shows no token when it is printed', async () => {
    const { source } = bed();
    const token = await source.token(request, never);
    assert.ok(!inspect([source, token], { depth: 8, showHidden: true }).includes('token-'));
    assert.equal(token.token.revealText(), 'token-1');
  });

  it("gives up with the signal's reason", async () => {
    const { client, source } = bed();
    const why = new Error('enough');
    client.answer = () => Promise.reject(refusal(500));
    await assert.rejects(source.token(request, AbortSignal.abort(why)), (error) => error === why);
  });
});
