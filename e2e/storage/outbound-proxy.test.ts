// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { awsRequestHandler } from '../../src/credentials/aws/aws-request-handler.ts';
import { EgressClient } from '../../src/net/egress-client.ts';
import type { ProxySettings } from '../../src/net/proxy/outbound-proxy.ts';
import { SecretValue } from '../../src/runtime/secret-value.ts';
import { BrokerConnections } from '../../src/storage/kafka/broker-connections.ts';
import type { KafkaSecurity } from '../../src/storage/kafka/kafka-security.ts';
import { MongoConnection } from '../../src/storage/mongodb/mongo-connection.ts';
import { releaseNamespace } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { ConnectProxy } from '../testbed/connect-proxy/connect-proxy.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { FerretDb } from '../testbed/ferretdb/ferretdb.ts';
import { Kafka } from '../testbed/kafka/kafka.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

const never = new AbortController().signal;
const PASSWORD = 'planted-password';
const credentials = { username: 'hallmark', password: 'planted-login' };
/** The proxy alone resolves it. */
const ONLY_PROXY = 'service.only-proxy.example';
const described = 'Secret "mongo"';

const supervisor = new Supervisor('outbound-proxy');
const plain = createServer((_request, response) => response.end('welcome'));
const clients: EgressClient[] = [];
let proxy: ConnectProxy;
let open: ConnectProxy;
let kafka: Kafka;
let ferretdb: FerretDb;
let service: FaultProxy;

before(async () => {
  proxy = await ConnectProxy.start(supervisor, { credentials, names: { [ONLY_PROXY]: '127.0.0.1' } });
  open = await ConnectProxy.start(supervisor);
  const users = [{ mechanism: 'PLAIN', username: 'writer', password: PASSWORD }] as const;
  kafka = await Kafka.start(supervisor, { topics: ['evidence'], users, tls: true });
  ferretdb = await FerretDb.start(supervisor);
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const address = plain.address();
  assert.ok(typeof address === 'object' && address !== null);
  service = await FaultProxy.start({ target: `http://127.0.0.1:${address.port}`, tls: true });
});
after(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await service.stop();
  plain.close();
  await supervisor.stop();
});

function egress(settings: Partial<ProxySettings> = {}): EgressClient {
  const through = { url: proxy.url, noProxy: [], nameResolution: 'Operator' as const, credentials, ...settings };
  const client = new EgressClient({ allow: ['127.0.0.1'], proxy: through });
  clients.push(client);
  return client;
}

async function callKafka(through: EgressClient): Promise<unknown> {
  const [host = '', port = ''] = kafka.host.split(':');
  const sasl = { mechanism: 'PLAIN', username: 'writer', password: new SecretValue(PASSWORD) } as const;
  const security: KafkaSecurity = { fingerprint: 'x', tls: { ca: kafka.ca ?? '' }, sasl };
  const brokers = new BrokerConnections(through);
  try {
    // The connection is handed out once the broker took the login.
    return await brokers.call({ host, port: Number(port) }, security, (connection) =>
      Promise.resolve(connection.isConnected()),
    );
  } finally {
    await brokers.close();
  }
}

async function callMongo(through: EgressClient): Promise<unknown> {
  const tls = { ca: readFileSync(ferretdb.caFile, 'utf8') };
  const connection = new MongoConnection(through);
  try {
    const target = { connectionString: `mongodb://${ferretdb.tlsHost}/?tls=true`, tls, described };
    const { ok } = await connection.use(target, 'asking', (client) => client.db('x').command({ ping: 1 }));
    return ok === 1;
  } finally {
    await connection.close();
  }
}

async function callAws(through: EgressClient): Promise<unknown> {
  const handler = awsRequestHandler(through, { tls: { ca: service.ca ?? '' } });
  const [hostname = '', port = ''] = service.host.split(':');
  const headers = { authorization: PASSWORD };
  try {
    const request = { protocol: 'https:', hostname, port: Number(port), path: '/', method: 'GET', headers };
    const { response } = await handler.handle(request);
    response.body.resume();
    return response.statusCode === 200;
  } finally {
    handler.destroy();
  }
}

async function callHttp(through: EgressClient): Promise<unknown> {
  const headers = { authorization: PASSWORD };
  const exchange = { method: 'GET', url: new URL(service.url), headers, tls: { ca: service.ca ?? '' } } as const;
  return (await through.request(exchange, never)).body.toString() === 'welcome';
}

const libraries: Readonly<
  Record<string, { readonly call: (through: EgressClient) => Promise<unknown>; readonly host: () => string }>
> = {
  "Kafka's": { call: callKafka, host: () => kafka.host },
  "MongoDB's": { call: callMongo, host: () => ferretdb.tlsHost },
  "Amazon's": { call: callAws, host: () => service.host },
  'the HTTP': { call: callHttp, host: () => service.host },
};

describe('a real proxy', () => {
  for (const [name, { call, host }] of Object.entries(libraries)) {
    it(`carries ${name} client, with a login and without`, async () => {
      for (const [server, settings] of [
        [proxy, {}],
        [open, { url: open.url }],
      ] as const) {
        const before = server.seen().length;
        assert.equal(await call(egress(settings)), true);
        const seen = server.seen().slice(before);
        assert.ok(seen.length > 0);
        for (const request of seen) assert.deepEqual(request, { method: 'CONNECT', target: host(), admitted: true });
      }
    });

    it(`refuses ${name} client with a wrong login, and nothing goes past it`, async () => {
      const error: unknown = await call(egress({ credentials: { ...credentials, password: 'planted-guess' } })).catch(
        (failure: unknown) => failure,
      );
      assert.ok(error instanceof Error, String(error));
      assert.doesNotMatch(error.message, /planted/);
      assert.match(error.message, /refuses the credentials of the operator \(407\)/);
    });

    it(`lets ${name} client pass by to what noProxy lists`, async () => {
      const before = proxy.seen().length;
      assert.equal(await call(egress({ noProxy: ['127.0.0.0/8'] })), true);
      assert.equal(proxy.seen().length, before);
    });
  }

  it('resolves a name that the operator cannot', async () => {
    const url = new URL(service.url);
    url.hostname = ONLY_PROXY;
    const exchange = { method: 'GET', url, tls: { insecure: true } } as const;
    const { body } = await egress({ nameResolution: 'Proxy' }).request(exchange, never);
    assert.equal(body.toString(), 'welcome');
    assert.equal(proxy.seen().at(-1)?.target, `${ONLY_PROXY}:${url.port}`);
    await assert.rejects(egress().request(exchange, never), { reason: 'Unreachable', message: /nameResolution/ });
  });

  it('is named in the message when it is down', async () => {
    await open.down();
    await assert.rejects(callHttp(egress({ url: open.url })), {
      reason: 'Unreachable',
      message: /^the proxy 127\.0\.0\.1:\d+ cannot be used: ECONNREFUSED/,
    });
  });
});

describe('an operator behind a real proxy', () => {
  const LOGIN = 'proxy-login';
  let installation: Installation;
  let front: ConnectProxy;

  before(async () => {
    installation = await Installation.start({
      label: 'behind-a-proxy',
      replicas: 1,
      tekton: 'Kinds',
      registries: [{ referrers: false, tls: true }],
      values: async ({ plane, supervisor: ofTestbed }) => {
        front = await ConnectProxy.start(ofTestbed, { credentials });
        await plane.kubectl(['create', 'namespace', releaseNamespace]);
        const login = [`--from-literal=username=${credentials.username}`, '--from-literal=password=planted-guess'];
        await plane.kubectl(['create', 'secret', 'generic', LOGIN, ...login, '-n', releaseNamespace]);
        return [
          'config.retry.maxSeconds=2',
          `config.outbound.proxy.url="${front.url.origin}"`,
          `proxy.credentialsSecret="${LOGIN}"`,
        ];
      },
    });
  });
  after(() => installation.stop());

  it('says that its login is refused, and stores once the Secret is corrected and its pods are restarted', async () => {
    const backendRefs = [{ kind: 'StorageBackend', name: 'evidence' }];
    const team = await installation.team({ name: 'team-p', backends: [], policy: { ...managedRuns, backendRefs } });
    const repository = `${team.registry.host}/evidence`;
    const oci = { encoding: 'CosignTags', repository, authentication: { type: 'Anonymous' }, tls: { insecure: true } };
    await installation.apply({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'StorageBackend',
      metadata: { name: 'evidence', namespace: team.name },
      spec: { type: 'OCI', oci },
    });
    const build = await new ManagedRuns(adminClient(installation.plane), team).build({ name: 'bake' });
    const refused = await waitUntil('the backend says why', async () => {
      const found = await installation.json(['get', 'storagebackend', 'evidence', '-n', team.name]);
      const status = JSON.stringify(found['status'] ?? {});
      return status.includes('407') ? status : undefined;
    });
    assert.match(refused, /refuses the credentials of the operator \(407\): .*proxy\.credentialsSecret/);
    assert.doesNotMatch(refused, /planted/);
    assert.ok(front.seen().every(({ admitted }) => !admitted));
    const stringData = { password: credentials.password };
    await installation.patch(releaseNamespace, `secret/${LOGIN}`, { stringData });
    await installation.kubectl(['rollout', 'restart', 'deployment/hallmark', '-n', releaseNamespace]);
    await installation.rolledOut();
    const record = await team.readyRecord(build);
    assert.equal(record.status?.reason, 'Stored');
    const last = front.seen().at(-1);
    assert.deepEqual(last, { method: 'CONNECT', target: team.registry.host, admitted: true });
  });
});
