// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { StorageBackendSpec } from '../../src/api/v1alpha1/storage-backend/schema.ts';
import { signatureText } from '../../src/evidence/signature-text.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { evidenceName } from '../../src/storage/documents/evidence-name.ts';
import { Kafka } from '../testbed/kafka/kafka.ts';
import type { KafkaMessage, KafkaUser } from '../testbed/kafka/kafka.ts';
import { CloudBed, keyless } from './cloud-bed.ts';
import type { DriverSetting } from './cloud-bed.ts';
import { failureOf } from './failure-of.ts';
import { runTarget, signedStatement } from './signed-evidence.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

type KafkaSettings = NonNullable<StorageBackendSpec['kafka']>;

const never = new AbortController().signal;
const PASSWORD = 'planted-kafka-password';
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

let cloud: CloudBed;
let kafka: Kafka;

before(async () => {
  cloud = await CloudBed.start('kafka-storage');
  kafka = await Kafka.start(cloud.bed.supervisor, { topics: ['evidence', 'hundred', 'layout'] });
});
after(() => cloud.stop());

interface Setting extends DriverSetting {
  readonly keys?: 'Reference' | 'PerPolicy';
  readonly kafka?: Partial<KafkaSettings>;
}

function driverFor(setting: Setting = {}): StorageDriver {
  const settings = { bootstrapServers: [kafka.host], topic: 'evidence', plaintext: true, ...setting.kafka };
  const spec: StorageBackendSpec = { type: 'Kafka', keys: setting.keys ?? 'Reference', kafka: settings };
  return cloud.driver(spec, { allow: [...settings.bootstrapServers], putTimeoutMs: 60_000, ...setting });
}

/** Messages of an artifact, as franz-go's consumer reads them. */
async function messagesOf(run: RunTarget, artifact: SignedArtifact, topic = 'evidence'): Promise<KafkaMessage[]> {
  const key = evidenceName(artifact, run, 'Reference');
  return (await kafka.messages(topic)).filter((message) => message.key === key);
}

async function contents(run: RunTarget, artifact: SignedArtifact): Promise<string> {
  return JSON.stringify(await messagesOf(run, artifact));
}

/** More than a topic takes by default. */
function hugeStatement(): Promise<SignedArtifact> {
  return signedStatement(cloud.signer, [], randomBytes(400_000).toString('hex'));
}

/** A broker of whatever kind at a port of its own, until the work is done. */
async function withServer(serve: (socket: Socket) => void, work: (host: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  try {
    await work(`127.0.0.1:${address.port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

describe('Kafka storage', () => {
  describeStorageDriver('Kafka storage', {
    driver: () => driverFor(),
    whileUnreachable: async (work) => {
      await kafka.down();
      try {
        await work();
      } finally {
        await kafka.up();
      }
    },
    fixture: () => cloud.fixture(),
    contents,
    concurrentWriters: 'Both',
    perPolicy: () => driverFor({ keys: 'PerPolicy' }),
    oversized: async () => ({ run: runTarget(cloud.namespace), artifact: await hugeStatement() }),
    probe: {
      missing: {
        driver: () => driverFor({ kafka: { topic: 'not-there' } }),
        reason: 'BackendRejected',
        message: /create the topic, or correct kafka\.topic/,
      },
    },
  });

  it("composes the reference's message, keyed by the evidence's name", async () => {
    const { run, attestation, image } = await cloud.fixture();
    const driver = driverFor({ kafka: { topic: 'layout' } });
    for (const artifact of [attestation, image]) {
      const [location] = await driver.put(artifact, run, never);
      const [message, ...rest] = await messagesOf(run, artifact, 'layout');
      assert.ok(message);
      assert.equal(rest.length, 0);
      assert.equal(location?.uri, `kafka://layout/${message.partition}/${message.offset}`);
      assert.deepEqual(message.value, signatureText(artifact));
      assert.deepEqual(Object.keys(message.headers).sort(), ['payload', 'signature']);
      assert.equal(message.headers['payload']?.toString(), artifact.payload.toString('base64'));
      assert.deepEqual(message.headers['signature'], signatureText(artifact));
    }
    await driver.close?.();
  });

  it('carries a certificate and the chain above it along', async () => {
    const { run, image } = await cloud.fixture();
    const artifact = keyless(image);
    const driver = driverFor();
    const [location] = await driver.put(artifact, run, never);
    assert.ok(location);
    assert.equal((await driver.get(location, never)).certificateChain, artifact.certificate.chain);
  });

  it('says that evidence is gone, and stores it again then', async () => {
    const { run, attestation } = await cloud.fixture();
    const driver = driverFor();
    const [location] = await driver.put(attestation, run, never);
    assert.ok(location);
    const gone = { uri: location.uri.replace(/\d+$/, '999999') };
    const error = await failureOf(driver.get(gone, never));
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, /retention/);
    const elsewhere = { uri: location.uri.replace('kafka://evidence/', 'kafka://layout/') };
    assert.equal((await failureOf(driver.get(elsewhere, never))).reason, 'BackendRejected');
  });

  it('asks the next bootstrap server when one is down', async () => {
    const { run, attestation } = await cloud.fixture();
    const bootstrapServers = ['127.0.0.1:1', kafka.host];
    const driver = driverFor({ kafka: { bootstrapServers } });
    assert.equal((await driver.put(attestation, run, never)).length, 1);
    await driver.close?.();
  });

  it('does not connect to where the operator does not allow, also when a broker names the place', async () => {
    const { run, attestation } = await cloud.fixture();
    assert.equal((await failureOf(driverFor({ allow: [] }).put(attestation, run, never))).reason, 'EndpointForbidden');
    // The broker behind the relay announces itself, which the rules do not let through.
    await withServer(
      (socket) => {
        relay(socket, kafka.host);
      },
      async (host) => {
        const driver = driverFor({ kafka: { bootstrapServers: [host] }, allow: [host] });
        const error = await failureOf(driver.put(attestation, run, never));
        assert.equal(error.reason, 'EndpointForbidden');
        assert.match(error.message, new RegExp(kafka.host));
        await driver.close?.();
      },
    );
  });

  it('refuses evidence that the topic does not take, and says what to do', async () => {
    const error = await failureOf(driverFor().put(await hugeStatement(), runTarget(cloud.namespace), never));
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, /max\.message\.bytes/);
  });

  it('loses nothing and stores nothing twice when the broker goes in the middle of a hundred runs', async () => {
    const evidence = await Promise.all(Array.from({ length: 100 }, () => cloud.fixture()));
    const driver = driverFor({ kafka: { topic: 'hundred' } });
    const half = evidence.slice(0, 50);
    await Promise.all(half.map(({ run, attestation }) => driver.put(attestation, run, never)));
    await kafka.down();
    const during = await Promise.allSettled(
      evidence.map(({ run, attestation }) => driver.put(attestation, run, never)),
    );
    await kafka.up();
    assert.ok(during.some(({ status }) => status === 'rejected'));
    const locations = await Promise.all(evidence.map(({ run, attestation }) => driver.put(attestation, run, never)));
    const messages = await kafka.messages('hundred');
    assert.equal(messages.length, 100);
    assert.equal(new Set(messages.map(({ key }) => key)).size, 100);
    assert.equal(new Set(locations.flat().map(({ uri }) => uri)).size, 100);
    await driver.close?.();
  });

  const strangers: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['hangs up', (socket) => socket.destroy()],
    ['speaks HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['answers with garbage', (socket) => socket.once('data', () => socket.end(randomBytes(4096)))],
    ['says nothing', () => undefined],
    ['never stops talking', endless],
  ];
  for (const [name, serve] of strangers) {
    it(`says BackendUnavailable when a broker ${name}, and holds no more memory`, async () => {
      const { run, attestation } = await cloud.fixture();
      await withServer(serve, async (host) => {
        const before = process.memoryUsage().rss;
        const driver = driverFor({ kafka: { bootstrapServers: [host] }, putTimeoutMs: 3000 });
        const error = await failureOf(driver.put(attestation, run, never));
        assert.equal(error.reason, 'BackendUnavailable', error.message);
        await driver.close?.();
        assert.ok(process.memoryUsage().rss - before < 200_000_000);
      });
    });
  }
});

describe('Kafka storage with accounts', () => {
  let locked: Kafka;

  before(async () => {
    const users: KafkaUser[] = mechanisms.map((mechanism) => ({ mechanism, username: mechanism, password: PASSWORD }));
    const reader = {
      mechanism: 'PLAIN',
      username: 'reader',
      password: PASSWORD,
      topics: { evidence: 'read' },
    } as const;
    const writer = {
      mechanism: 'PLAIN',
      username: 'writer',
      password: PASSWORD,
      topics: { evidence: 'write' },
    } as const;
    locked = await Kafka.start(cloud.bed.supervisor, {
      topics: ['evidence'],
      users: [...users, reader, writer],
      tls: true,
    });
    const metadata = { name: 'kafka-ca', namespace: cloud.namespace };
    await cloud.bed.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca.crt': locked.ca ?? '' } });
    const names = [...mechanisms, 'reader', 'writer'];
    await Promise.all(names.map((username) => cloud.secret(username.toLowerCase(), { username, password: PASSWORD })));
    await cloud.secret('wrong', { username: 'writer', password: 'guess' });
    await cloud.secret('half', { username: 'writer' });
  });

  interface Login {
    readonly user?: string;
    readonly mechanism?: (typeof mechanisms)[number];
    readonly settings?: Partial<KafkaSettings>;
  }

  function lockedDriver({ user = 'writer', mechanism = 'PLAIN', settings = {} }: Login = {}): StorageDriver {
    const authentication = { type: 'Secret', secretRef: { name: user }, mechanism } as const;
    const tls = { caBundleRef: { name: 'kafka-ca' } };
    const base = { bootstrapServers: [locked.host], topic: 'evidence', authentication, tls };
    const spec: StorageBackendSpec = { type: 'Kafka', kafka: { ...base, ...settings } };
    return cloud.driver(spec, { allow: [locked.host], putTimeoutMs: 30_000 });
  }

  for (const mechanism of mechanisms) {
    it(`signs in by ${mechanism} over TLS`, async () => {
      const { run, attestation } = await cloud.fixture();
      const driver = lockedDriver({ user: mechanism.toLowerCase(), mechanism });
      assert.deepEqual(await driver.probe(never), { ready: true });
      const [location] = await driver.put(attestation, run, never);
      assert.ok(location);
      assert.deepEqual((await driver.get(location, never)).payload, attestation.payload);
      await driver.close?.();
    });
  }

  it('tells by a probe what is wrong, without a password in any message', async () => {
    const anonymous = { bootstrapServers: [locked.host], topic: 'evidence' };
    const allow = [locked.host];
    const unknownCa: StorageBackendSpec = { type: 'Kafka', kafka: anonymous };
    const probes: Readonly<Record<string, StorageDriver>> = {
      ready: lockedDriver(),
      'read-only': lockedDriver({ user: 'reader' }),
      'wrong password': lockedDriver({ user: 'wrong' }),
      'wrong mechanism': lockedDriver({ mechanism: 'SCRAM-SHA-256' }),
      'no Secret': lockedDriver({ user: 'not-there' }),
      'half a Secret': lockedDriver({ user: 'half' }),
      'a topic of others': lockedDriver({ settings: { topic: 'others' } }),
      'no topic': lockedDriver({ user: 'plain', settings: { topic: 'others' } }),
      'unknown authority': cloud.driver(unknownCa, { allow }),
      'no server': cloud.driver(
        { type: 'Kafka', kafka: { ...anonymous, bootstrapServers: ['127.0.0.1:1'] } },
        { allow: ['127.0.0.1:1'] },
      ),
    };
    const found: [string, string | undefined][] = [];
    for (const [state, driver] of Object.entries(probes)) {
      const { reason, message = '' } = await driver.probe(never);
      found.push([state, reason]);
      assert.ok(!message.includes(PASSWORD) && !message.includes('guess'), message);
      await driver.close?.();
    }
    assert.deepEqual(found, [
      ['ready', undefined],
      ['read-only', 'BackendUnauthorized'],
      ['wrong password', 'BackendUnauthorized'],
      ['wrong mechanism', 'BackendUnauthorized'],
      ['no Secret', 'BackendUnauthorized'],
      ['half a Secret', 'BackendUnauthorized'],
      ['a topic of others', 'BackendUnauthorized'],
      ['no topic', 'BackendRejected'],
      ['unknown authority', 'BackendUnavailable'],
      ['no server', 'BackendUnavailable'],
    ]);
  });

  it('takes up a mended Secret without being made anew', async () => {
    const { run, attestation } = await cloud.fixture();
    await cloud.secret('mended', { username: 'writer', password: 'guess' });
    const driver = lockedDriver({ user: 'mended' });
    assert.equal((await failureOf(driver.put(attestation, run, never))).reason, 'BackendUnauthorized');
    await cloud.secret('mended', { username: 'writer', password: PASSWORD });
    assert.equal((await driver.put(attestation, run, never)).length, 1);
    await driver.close?.();
  });

  it('says so when only one side speaks TLS', async () => {
    const plain: StorageBackendSpec = {
      type: 'Kafka',
      kafka: { bootstrapServers: [locked.host], topic: 'evidence', plaintext: true },
    };
    const { reason } = await cloud.driver(plain, { allow: [locked.host] }).probe(never);
    assert.ok(reason === 'BackendRejected' || reason === 'BackendUnavailable', reason);
    const secure: StorageBackendSpec = { type: 'Kafka', kafka: { bootstrapServers: [kafka.host], topic: 'evidence' } };
    assert.equal((await cloud.driver(secure, { allow: [kafka.host] }).probe(never)).ready, false);
  });
});

/** Announces a long answer and never ends it. */
function endless(socket: Socket): void {
  socket.once('data', () => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(0x7fffffff);
    socket.write(size);
    const chunk = Buffer.alloc(1024 * 1024);
    const pour = (): void => {
      while (!socket.destroyed && socket.write(chunk));
      if (!socket.destroyed) socket.once('drain', pour);
    };
    pour();
  });
}

function relay(socket: Socket, host: string): void {
  const [hostname = '', port] = host.split(':');
  const behind = connect(Number(port), hostname);
  behind.on('error', () => socket.destroy());
  behind.on('close', () => socket.destroy());
  socket.on('close', () => behind.destroy());
  socket.pipe(behind).pipe(socket);
}
