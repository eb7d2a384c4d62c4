// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { KubeClient } from '../../src/kube/kube-client.ts';
import { KubeConfig } from '../../src/kube/kube-config.ts';
import { KubeConnection } from '../../src/kube/kube-connection.ts';
import { isForbidden } from '../../src/kube/kube-error.ts';
import { ManualClock } from '../../src/runtime/manual-clock.fixture.ts';
import { configMapValues } from './config-map-story.ts';
import { KubeBed, unhurried } from './kube-bed.ts';

describe('the credentials of a pod', () => {
  let bed: KubeBed;
  let directory: string;

  before(async () => {
    bed = await KubeBed.start('credentials');
    directory = await mkdtemp(join(tmpdir(), 'hallmark-credentials-'));
    await bed.plane.kubectl(['create', 'serviceaccount', 'operator']);
    await bed.plane.kubectl(['create', 'role', 'reader', '--verb=get', '--resource=configmaps']);
    await bed.plane.kubectl(['create', 'rolebinding', 'reader', '--role=reader', '--serviceaccount=default:operator']);
    await bed.put('default', 'readable', 'one');
  });
  after(async () => {
    await rm(directory, { recursive: true, force: true });
    await bed.stop();
  });

  it('are read again from their file after a rotation, at the latest when the old token is refused', async () => {
    const tokenFile = join(directory, 'token');
    const { stdout: token } = await bed.plane.kubectl(['create', 'token', 'operator']);
    await writeFile(tokenFile, 'not-a-token\n');
    const { clock, connection, read } = reader(() => podConfig(bed, tokenFile));
    await assert.rejects(read(), isForbidden);
    await writeFile(tokenFile, token);
    assert.equal(await read(), 'one');
    await writeFile(tokenFile, 'not-a-token\n');
    assert.equal(await read(), 'one', 'a token in use is not read from its file for each request');
    await clock.advance(30_000);
    await assert.rejects(read(), isForbidden);
    await connection.close();
  });

  it('of a kubeconfig that names a token file are read again when they are refused', async () => {
    const tokenFile = join(directory, 'kubeconfig-token');
    const { stdout: token } = await bed.plane.kubectl(['create', 'token', 'operator']);
    await writeFile(tokenFile, token);
    const { connection, read } = reader(() => {
      const config = new KubeConfig();
      config.loadFromString(kubeconfig(bed, tokenFile));
      return config;
    });
    await writeFile(tokenFile, 'not-a-token\n');
    assert.equal(await read(), 'one');
    connection.invalidate();
    await assert.rejects(read(), isForbidden);
    await writeFile(tokenFile, token);
    assert.equal(await read(), 'one');
    await connection.close();
  });
});

function reader(load: () => KubeConfig) {
  const clock = new ManualClock();
  const connection = new KubeConnection(load, { clock });
  const client = new KubeClient({ connection, clock, userAgent: 'hallmark/test' });
  const read = () => client.get(configMapValues, { namespace: 'default', name: 'readable' }, { signal: unhurried });
  return { clock, connection, read };
}

function kubeconfig(bed: KubeBed, tokenFile: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server: bed.plane.url, 'certificate-authority': bed.plane.caFile } }],
    users: [{ name: 'test', user: { 'token-file': tokenFile } }],
  });
}

/** The result of `KubeConfig.loadFromCluster`, with our own files. */
function podConfig(bed: KubeBed, tokenFile: string): KubeConfig {
  const config = new KubeConfig();
  const cluster = { name: 'inCluster', caFile: bed.plane.caFile, server: bed.plane.url, skipTLSVerify: false };
  const user = { name: 'inClusterUser', authProvider: { name: 'tokenFile', config: { tokenFile } } };
  config.loadFromClusterAndUser(cluster, user);
  return config;
}
