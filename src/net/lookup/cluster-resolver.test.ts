// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { ClusterResolver } from './cluster-resolver.ts';
import type { NameServer, NameServerAnswer } from './name-server.fixture.ts';
import { nameServer } from './name-server.fixture.ts';

const never = new AbortController().signal;
const NXDOMAIN = { code: 3 };
const SERVFAIL = { code: 2 };

/** The file that the kubelet writes into each pod. */
const POD_SEARCH =
  'search ops.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n';
const POD_HOSTS =
  '# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n10.1.2.3\tregistry.corp registry # an alias\n';

describe('ClusterResolver', () => {
  let directory: string;
  const servers: NameServer[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallmark-names-'));
    await writeFile(join(directory, 'hosts'), POD_HOSTS);
    await writeFile(join(directory, 'resolv.conf'), POD_SEARCH);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await rm(directory, { recursive: true });
  });

  async function bed(
    answers: Readonly<Record<string, NameServerAnswer>>,
    otherwise: 'NXDOMAIN' | 'silence' = 'NXDOMAIN',
  ): Promise<{ resolver: ClusterResolver; asked: readonly string[] }> {
    const server = await nameServer((name) => answers[name] ?? (otherwise === 'silence' ? undefined : NXDOMAIN));
    servers.push(server);
    const [hostsFile, resolvConf] = [join(directory, 'hosts'), join(directory, 'resolv.conf')];
    return { resolver: new ClusterResolver({ hostsFile, resolvConf, servers: [server.address] }), asked: server.asked };
  }

  it("finds a Service by its short name, in the search domains of the pod's namespace", async () => {
    const { resolver, asked } = await bed({
      'registry.team-a.svc.cluster.local': { addresses: ['10.96.1.1'], ttl: 5 },
    });
    assert.deepEqual(await resolver.resolve('registry.team-a', never), {
      addresses: [{ address: '10.96.1.1', family: 4 }],
      ttlSeconds: 5,
    });
    assert.deepEqual(asked, ['registry.team-a.ops.svc.cluster.local', 'registry.team-a.svc.cluster.local']);
  });

  it('tries a name of the world last when it has fewer dots than ndots, and alone when it ends in a dot', async () => {
    const { resolver, asked } = await bed({ 'ghcr.io': { addresses: ['192.0.2.1', '192.0.2.2'], ttl: 300 } });
    const found = await resolver.resolve('ghcr.io', never);
    assert.deepEqual(found.addresses.map(({ address }) => address).sort(), ['192.0.2.1', '192.0.2.2']);
    assert.equal(found.ttlSeconds, 300);
    assert.deepEqual(asked, [
      'ghcr.io.ops.svc.cluster.local',
      'ghcr.io.svc.cluster.local',
      'ghcr.io.cluster.local',
      'ghcr.io',
    ]);
    await resolver.resolve('ghcr.io.', never);
    assert.deepEqual(asked.slice(4), ['ghcr.io']);
  });

  it('tries a name with as many dots as ndots first as it stands', async () => {
    const name = 'a.b.c.d.e.example';
    const { resolver, asked } = await bed({ [name]: { addresses: ['192.0.2.1'] } });
    await resolver.resolve(name, never);
    assert.deepEqual(asked, [name]);
  });

  it('takes what /etc/hosts says, aliases included, and asks no name server', async () => {
    const { resolver, asked } = await bed({});
    const { addresses } = await resolver.resolve('registry.corp', never);
    assert.deepEqual(addresses, [{ address: '10.1.2.3', family: 4 }]);
    assert.deepEqual((await resolver.resolve('localhost', never)).addresses[0], { address: '127.0.0.1', family: 4 });
    assert.deepEqual(asked, []);
  });

  it('goes on past a search domain that fails, and says that it failed when no other has the name', async () => {
    const { resolver } = await bed({
      'good.example.svc.cluster.local': SERVFAIL,
      'good.example': { addresses: ['192.0.2.1'] },
      'bad.example': SERVFAIL,
    });
    assert.equal((await resolver.resolve('good.example', never)).addresses.length, 1);
    await assert.rejects(resolver.resolve('bad.example', never), { code: 'ESERVFAIL', message: /"bad\.example"/ });
    await assert.rejects(resolver.resolve('none.example', never), { code: 'ENOTFOUND', message: /"none\.example"/ });
  });

  it('ends at once when it is aborted, and names that wait hold up no other', async () => {
    const { resolver, asked } = await bed({ 'quick.example': { addresses: ['192.0.2.1'] } }, 'silence');
    const abort = new AbortController();
    let ended = 0;
    const slow = Array.from({ length: 50 }, (_, index) =>
      resolver.resolve(`slow-${index}.example.`, abort.signal).finally(() => {
        ended += 1;
      }),
    );
    const all = Promise.allSettled(slow);
    while (asked.length < slow.length) await nextTurn();
    assert.equal((await resolver.resolve('quick.example.', never)).addresses.length, 1);
    assert.equal(ended, 0);
    abort.abort(new Error('out of time'));
    assert.ok((await all).every(({ status }) => status === 'rejected'));
  });

  it('does without the files where there are none', async () => {
    const server = await nameServer(() => ({ addresses: ['192.0.2.1'] }));
    servers.push(server);
    const [hostsFile, resolvConf] = [join(directory, 'none'), join(directory, 'none')];
    const resolver = new ClusterResolver({ hostsFile, resolvConf, servers: [server.address] });
    assert.equal((await resolver.resolve('registry', never)).addresses.length, 1);
    assert.deepEqual(server.asked, ['registry']);
  });
});
