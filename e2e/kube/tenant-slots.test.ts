// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KubeClient } from '../../src/kube/kube-client.ts';
import { KubeConnection } from '../../src/kube/kube-connection.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { onBehalfOf } from '../../src/runtime/tenant.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { configMapValues } from './config-map-story.ts';
import { list, type Reply, ScriptedAPIServer } from './scripted-api-server.ts';

const MAX_CONNECTIONS = 4;

describe('connections to an API server that does not answer the requests of one tenant', () => {
  let server: ScriptedAPIServer;
  before(async () => {
    server = await ScriptedAPIServer.start();
  });
  after(async () => {
    await server.stop();
  });

  it('are left to the other tenants and to the operator itself', async () => {
    const connection = KubeConnection.fromText(server.kubeconfig, {
      clock: systemClock,
      maxConnections: MAX_CONNECTIONS,
    });
    const client = new KubeClient({ connection, clock: systemClock, userAgent: 'test' });
    const held: (() => void)[] = [];
    const hold: Reply = (request, response) => {
      held.push(() => {
        list([], '1')(request, response);
      });
    };
    const read = (tenant: string): Promise<readonly unknown[]> =>
      onBehalfOf(tenant, () =>
        client.listAll(configMapValues, { namespace: 'any', signal: AbortSignal.timeout(60_000) }),
      );
    server.lists(hold, hold);
    const crowd = Array.from({ length: 10 }, () => read('crowd'));
    await waitUntil('the crowd has its connections', () => held.length === MAX_CONNECTIONS / 2);
    server.lists(list([], '1'));
    assert.deepEqual(await Promise.all([read('honest'), read('honest'), read('')]), [[], [], []]);
    for (const answer of held) answer();
    assert.deepEqual((await Promise.all(crowd)).length, 10);
    await connection.close();
  });
});
