// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MockAgent } from 'undici';
import { isForbidden, isUnavailable } from './kube-error.ts';
import { serverFacts } from './server-facts.ts';

const server = 'https://kube.example';

describe('the facts of an API server', () => {
  async function facts(status: number, body: object) {
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    const headers = { date: 'Thu, 01 Jan 2026 00:00:00 GMT' };
    dispatcher.get(server).intercept({ path: '/version' }).reply(status, body, { headers });
    const endpoint = () => Promise.resolve({ dispatcher, watchDispatcher: dispatcher, headers: {} });
    return serverFacts({ server, endpoint }, new AbortController().signal);
  }

  it('are its version and its time', async () => {
    assert.deepEqual(await facts(200, { gitVersion: 'v1.33.1' }), {
      version: 'v1.33.1',
      time: new Date('2026-01-01T00:00:00Z'),
    });
  });

  it('are not read from an answer without end', async () => {
    await assert.rejects(
      facts(200, { gitVersion: 'v'.repeat(100_000) }),
      /get version: the answer is larger than 65536 bytes/,
    );
  });

  const refusal = { kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' };
  for (const [status, is] of [
    [401, isForbidden],
    [403, isForbidden],
    [503, isUnavailable],
  ] as const) {
    it(`are not known where it answers ${status}`, async () => {
      await assert.rejects(facts(status, refusal), (error) => {
        assert.ok(is(error));
        assert.deepEqual([error.status, error.message], [status, 'get version: Unauthorized']);
        return true;
      });
    });
  }
});
