// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { EgressClient } from '../../net/egress-client.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { SecretValue } from '../../runtime/secret-value.ts';
import { PolicySigners } from './policy-signers.ts';

const { signal } = new AbortController();
const ISSUER = 'https://issuer.example.com';

describe('PolicySigners with a certificate authority that answers but issues nothing', () => {
  /** Requested paths. */
  let asked: string[] = [];
  let retryAfter: string | undefined;
  let changes = 0;
  let clock: ManualClock;
  let signers: PolicySigners;
  let egress: EgressClient;
  let policy: PolicyDefinition;

  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (request.method === 'POST')
      response.writeHead(503, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
    response.end(JSON.stringify({ issuers: [{ issuerUrl: ISSUER, audience: 'sigstore', issuerType: 'kubernetes' }] }));
  });
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const host = `127.0.0.1:${address.port}`;
    egress = new EgressClient({ allow: [host] });
    const keyless = { fulcioURL: `http://${host}`, serviceAccountName: 'signer' };
    const spec = effectiveSigningPolicySpec({ signer: { type: 'Keyless', keyless } }, '2025-01-01T00:00:00Z');
    const name = { kind: 'SigningPolicy', namespace: 'team', name: 'builds', uid: 'u' } as const;
    policy = { ...name, generation: 1, homeNamespace: 'team', spec };
  });
  after(async () => {
    await egress.close();
    server.closeAllConnections();
    server.close();
  });

  beforeEach(() => {
    [asked, changes, retryAfter, clock] = [[], 0, undefined, new ManualClock()];
    const nothing = (): Promise<undefined> => Promise.resolve(undefined);
    const claims = JSON.stringify({ iss: ISSUER, sub: 'system:serviceaccount:team:signer' });
    const token = new SecretValue(`e30.${Buffer.from(claims).toString('base64url')}.x`);
    signers = new PolicySigners({
      objects: { getSecret: nothing, getTypedSecret: nothing, getConfigMap: nothing, getServiceAccount: nothing },
      tokens: { token: () => Promise.resolve({ token, expiresAt: new Date() }) },
      egress,
      clock,
      keylessAudience: 'sigstore',
    });
    signers.onChange(() => {
      changes += 1;
    });
  });

  const isRefused = (ask: 'check' | 'signer') =>
    assert.rejects(signers[ask](policy, signal), { reason: 'SignerUnavailable' });

  it('trust a failed certificate more than the answer, and request none for each run and check', async () => {
    await signers.check(policy, signal);
    await isRefused('signer');
    assert.equal(changes, 1);
    const soFar = asked.length;
    for (let time = 0; time < 5; time += 1) {
      await isRefused('check');
      await isRefused('signer');
    }
    assert.equal(asked.length, soFar, 'no request is sent');
    assert.equal(changes, 1, 'no record is enqueued');
  });

  it('let runs retry after a pause, and again with the next check', async () => {
    await isRefused('signer');
    await clock.advance(5001);
    await signers.check(policy, signal);
    assert.equal(changes, 1);
    await isRefused('signer');
    assert.deepEqual(asked.filter((request) => request.startsWith('POST')).length, 2);
  });

  it('wait for as long as the authority asks', async () => {
    retryAfter = '30';
    await isRefused('signer');
    for (const wait of [15_000, 14_000]) {
      await clock.advance(wait);
      await isRefused('check');
    }
    await clock.advance(1001);
    await signers.check(policy, signal);
    assert.equal(changes, 1);
  });
});
