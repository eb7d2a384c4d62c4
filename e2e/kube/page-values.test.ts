// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KubeClient } from '../../src/kube/kube-client.ts';
import { KubeConnection } from '../../src/kube/kube-connection.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { configMapValues } from './config-map-story.ts';
import { configMap, list, ScriptedAPIServer } from './scripted-api-server.ts';

it('a page of more values than fit into memory is asked for again in smaller pages', async () => {
  const server = await ScriptedAPIServer.start();
  const connection = KubeConnection.fromText(server.kubeconfig, { clock: systemClock });
  try {
    const client = new KubeClient({ connection, clock: systemClock, userAgent: 'test' });
    const empty = Array.from({ length: 1_000_001 }, () => ({}));
    server.lists(list(empty, '1'), list([configMap('one', '1', 'small')], '1'));
    const found = await client.listAll(configMapValues, { namespace: 'any', signal: AbortSignal.timeout(60_000) });
    assert.equal(found.length, 1);
    assert.deepEqual(
      server.requests.map(({ searchParams }) => searchParams.get('limit')),
      ['100', '25'],
    );
  } finally {
    await connection.close();
    await server.stop();
  }
});
