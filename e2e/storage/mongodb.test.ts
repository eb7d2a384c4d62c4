// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Binary, Double, MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import { field } from '../../src/json/fields.ts';
import { signatureText } from '../../src/evidence/signature-text.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { evidenceName } from '../../src/storage/documents/evidence-name.ts';
import { FerretDb } from '../testbed/ferretdb/ferretdb.ts';
import { MongoProxy } from '../testbed/ferretdb/mongo-proxy.ts';
import { CloudBed } from './cloud-bed.ts';
import { failureOf } from './failure-of.ts';
import { describeNamedStore } from './named-store.contract.ts';
import { signedStatement } from './signed-evidence.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

const never = new AbortController().signal;
const PASSWORD = 'planted-password';

let cloud: CloudBed;
let server: FerretDb;
let proxy: MongoProxy;
let reader: MongoClient;
/** An open client of the driver keeps the process alive. */
const open: StorageDriver[] = [];

before(async () => {
  cloud = await CloudBed.start('mongodb');
  server = await FerretDb.start(cloud.bed.supervisor);
  proxy = await MongoProxy.start(server.host);
  reader = new MongoClient(`mongodb://${server.host}`);
  await reader.db('evidence').createCollection('chains');
  // As a file made by hand has it: with a line feed at its end.
  await cloud.secret('mongo', { MONGO_SERVER_URL: `mongodb://${server.host}/\n`, url: `mongodb://${proxy.host}/` });
});
after(async () => {
  await Promise.all(
    open.map(async (one) => {
      await one.close?.();
    }),
  );
  await reader.close();
  await proxy.stop();
  await cloud.stop();
});

interface Setting {
  readonly secret?: string;
  readonly key?: string;
  readonly database?: string;
  readonly collection?: string;
  readonly keys?: 'Reference' | 'PerPolicy';
  readonly ca?: string;
  readonly allow?: readonly string[];
  readonly putTimeoutMs?: number;
}

function driver(setting: Setting = {}): StorageDriver {
  const { secret = 'mongo', key, keys = 'Reference', ca, putTimeoutMs } = setting;
  const { database = 'evidence', collection = 'chains', allow = [server.host, server.tlsHost, proxy.host] } = setting;
  const connectionSecretRef = key === undefined ? { name: secret } : { name: secret, key };
  const tls = ca === undefined ? {} : { tls: { caBundleRef: { name: ca } } };
  const timeout = putTimeoutMs === undefined ? {} : { putTimeoutMs };
  const mongodb = { connectionSecretRef, database, collection, ...tls };
  const made = cloud.driver({ type: 'MongoDB', keys, mongodb }, { allow, ...timeout });
  open.push(made);
  return made;
}

/** Through the proxy that makes things go wrong. */
function proxied(setting: Setting = {}): StorageDriver {
  return driver({ key: 'url', ...setting });
}

function nameOf(run: RunTarget, artifact: SignedArtifact): string {
  return evidenceName(artifact, run, 'Reference');
}

async function documents(run: RunTarget, artifact: SignedArtifact): Promise<readonly Document[]> {
  return reader
    .db('evidence')
    .collection('chains')
    .find({ Name: nameOf(run, artifact) })
    .toArray();
}

async function contents(run: RunTarget, artifact: SignedArtifact): Promise<string> {
  return JSON.stringify(await documents(run, artifact));
}

/** A statement whose predicate is not small. */
function large(bytes: number): Promise<SignedArtifact> {
  return signedStatement(
    cloud.signer,
    [{ name: 'reg.example/large', digest: { sha256: 'c'.repeat(64) } }],
    'x'.repeat(bytes),
  );
}

describe('MongoDB storage', () => {
  describeStorageDriver('MongoDB storage', {
    driver: () => driver(),
    whileUnreachable: async (work) => {
      await server.down();
      try {
        await work();
      } finally {
        await server.up();
      }
    },
    fixture: () => cloud.fixture(),
    contents,
    copies: async (run, artifact) => (await documents(run, artifact)).length,
    interrupted: async (request, lost) => {
      const broken = await MongoProxy.start(server.host);
      await cloud.secret('broken', { MONGO_SERVER_URL: `mongodb://${broken.host}/` });
      let seen = 0;
      broken.fault = ({ name }) => {
        if (!['insert', 'find', 'update'].includes(name) || (seen += 1) <= request) return undefined;
        return lost === 'Answer' && seen === request + 1 ? 'LostAnswer' : 'Cut';
      };
      return {
        driver: driver({ secret: 'broken', allow: [broken.host] }),
        end: async () => {
          await broken.stop();
          return seen > request;
        },
      };
    },
    perPolicy: () => driver({ keys: 'PerPolicy' }),
    oversized: async () => ({ run: (await cloud.fixture()).run, artifact: await large(6_000_000) }),
    probe: {
      unauthorized: {
        driver: () => {
          proxy.fault = ({ name }) =>
            name === 'connectionStatus'
              ? { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: `planted ${PASSWORD}` }
              : undefined;
          return proxied();
        },
        reason: 'BackendUnauthorized',
        message: /error 18 AuthenticationFailed; give the connection string's account the role readWrite/,
      },
      missing: {
        driver: () => {
          proxy.heal();
          return driver({ collection: 'nowhere' });
        },
        reason: 'BackendRejected',
        message: /database evidence has no collection nowhere; create it/,
      },
      readOnly: {
        driver: () => {
          const resource = { db: 'evidence', collection: '' };
          proxy.fault = ({ name }) =>
            name === 'connectionStatus'
              ? {
                  ok: 1,
                  authInfo: {
                    authenticatedUsers: [{ user: 'reader', db: 'admin' }],
                    authenticatedUserPrivileges: [{ resource, actions: ['find', 'listCollections'] }],
                  },
                }
              : undefined;
          return proxied();
        },
        reason: 'BackendUnauthorized',
        message: /may not insert, update in evidence\.chains/,
      },
      misconfigured: {
        driver: () => {
          proxy.heal();
          return driver({ secret: 'no-such-secret' });
        },
        reason: 'BackendUnauthorized',
        message: /entry MONGO_SERVER_URL of Secret team-.*\/no-such-secret.*put the connection string there/,
      },
    },
  });

  describeNamedStore('MongoDB storage', {
    driver: (keys) => driver(keys === undefined ? {} : { keys }),
    fixture: (more) => cloud.fixture(more),
    signedAgain: async (artifact) => {
      const { signature } = await cloud.signer.sign(Buffer.concat([artifact.payload, Buffer.from('again')]));
      return { ...artifact, signature };
    },
    contents,
    plant: async (run, artifact, content) => {
      const elsewhere = driver({ collection: 'planted', keys: 'Reference' });
      await elsewhere.put(content, run, never);
      const planted = reader.db('evidence').collection<{ _id: string }>('planted');
      const document = await planted.findOne({ _id: nameOf(run, artifact) });
      assert.ok(document);
      await reader.db('evidence').collection<{ _id: string }>('chains').insertOne(document);
      await elsewhere.close?.();
    },
  });

  it("writes the reference's document and no field more, which its reader would refuse", async () => {
    const { run, attestation } = await cloud.fixture();
    const [location] = await driver().put(attestation, run, never);
    const name = `taskrun-${run.uid}`;
    const [raw] = await reader
      .db('evidence')
      .collection('chains')
      .find({ 'Object.predicateType': 'https://slsa.dev/provenance/v1', Name: name }, { promoteValues: false })
      .toArray();
    assert.equal(location?.uri, `mongo://evidence/chains/${name}`);
    assert.deepEqual(Object.keys(raw ?? {}), ['_id', 'Name', 'Signed', 'Signature', 'Cert', 'Chain', 'Object']);
    const [document] = await documents(run, attestation);
    assert.equal(field(document, '_id'), name);
    const signed: unknown = field(document, 'Signed');
    assert.ok(signed instanceof Binary);
    assert.equal(signed.sub_type, 0);
    assert.deepEqual(Buffer.from(signed.value()), attestation.payload);
    assert.equal(field(document, 'Signature'), signatureText(attestation).toString('base64'));
    assert.deepEqual([field(document, 'Cert'), field(document, 'Chain')], ['', '']);
    assert.deepEqual(field(document, 'Object'), JSON.parse(attestation.payload.toString()));
  });

  it('keeps numbers as Go reads them, and takes no member of a payload for a type of its own', async () => {
    const { run, attestation } = await cloud.fixture();
    const hostile = { int: 3, big: 9007199254740993, fraction: 1.5, type: { _bsontype: 'ObjectId', id: 'x' } };
    const payload = Buffer.from(JSON.stringify(hostile));
    await driver().put({ ...attestation, payload }, run, never);
    const [document] = await reader
      .db('evidence')
      .collection('chains')
      .find({ Name: nameOf(run, attestation) }, { promoteValues: false })
      .toArray();
    const stored = field(document, 'Object');
    for (const [name, value] of [
      ['int', 3],
      ['big', Number('9007199254740993')],
      ['fraction', 1.5],
    ] as const) {
      const number: unknown = field(stored, name);
      assert.ok(number instanceof Double, name);
      assert.equal(number.value, value);
    }
    assert.deepEqual(Object.keys(field(stored, 'type') ?? {}), ['_bsontype', 'id']);
  });

  for (const [what, payload, message] of [
    ['nested too deep', '['.repeat(200) + ']'.repeat(200), /nested deeper than the 98 levels/],
    ['with a name that no BSON holds', '{"a\\u0000b":1}', /cannot be used \(BSONError\)/],
    ['with names that the server does not take', '{"a.b":{"$c":1}}', /the server does not take such a document/],
  ] as const) {
    it(`says BackendRejected of a payload ${what}`, async () => {
      const { run, attestation } = await cloud.fixture();
      const error = await failureOf(driver().put({ ...attestation, payload: Buffer.from(payload) }, run, never));
      assert.equal(error.reason, 'BackendRejected');
      assert.match(error.message, message);
      assert.deepEqual(await documents(run, attestation), []);
    });
  }

  it('takes up a changed connection string at the next use, and loses nothing of what was under way', async () => {
    await cloud.secret('rotated', { MONGO_SERVER_URL: 'mongodb://127.0.0.1:1/' });
    const rotating = driver({ secret: 'rotated', allow: ['127.0.0.1:1', server.host, proxy.host] });
    const first = await cloud.fixture();
    assert.equal((await failureOf(rotating.put(first.attestation, first.run, never))).reason, 'BackendUnavailable');
    await cloud.secret('rotated', { MONGO_SERVER_URL: `mongodb://${proxy.host}/` });
    assert.equal((await rotating.put(first.attestation, first.run, never)).length, 1);
    const evidence = await Promise.all(Array.from({ length: 20 }, () => cloud.fixture()));
    const under = evidence.map(({ run, attestation }) => rotating.put(attestation, run, never));
    await cloud.secret('rotated', { MONGO_SERVER_URL: `mongodb://${server.host}/` });
    const more = await cloud.fixture();
    await rotating.put(more.attestation, more.run, never);
    await Promise.all(under);
    const before = proxy.commands.length;
    const last = await cloud.fixture();
    await rotating.put(last.attestation, last.run, never);
    assert.ok(!proxy.commands.slice(before).includes('insert'));
    for (const { run, attestation } of evidence) assert.equal((await documents(run, attestation)).length, 1);
    await rotating.close?.();
  });

  for (const [what, url, message] of [
    [
      'reads a file of the operator',
      'mongodb://HOST/?tls=true&tlsCAFile=/etc/passwd',
      /option tlsCAFile, which is not taken/,
    ],
    ['logs in as the operator', 'mongodb://HOST/?authMechanism=MONGODB-AWS', /authMechanism other than/],
    ['goes through a proxy', 'mongodb://HOST/?proxyHost=evil.example', /option proxyHost/],
    ['names a socket', 'mongodb://%2Fvar%2Frun%2Fdocker.sock/', /socket in the file system/],
    ['is none', 'http://HOST/', /not of the form mongodb/],
  ] as const) {
    it(`refuses a connection string that ${what}`, async () => {
      const text = url.replace('HOST', `me:${PASSWORD}@${server.host}`);
      await cloud.secret('hostile', { MONGO_SERVER_URL: text });
      const { reason, message: probeMessage = '' } = await driver({ secret: 'hostile' }).probe(never);
      assert.equal(reason, 'BackendRejected');
      assert.match(probeMessage, message);
      assert.doesNotMatch(probeMessage, new RegExp(PASSWORD));
    });
  }

  it('follows no member that the operator does not allow, named by an address or not', async () => {
    let connections = 0;
    const forbidden = createServer(() => (connections += 1));
    await new Promise<void>((resolve) => forbidden.listen(0, '::', resolve));
    const address = forbidden.address();
    assert.ok(typeof address === 'object' && address !== null);
    const hosts = [`127.0.0.1:${address.port}`, `[::1]:${address.port}`, `localhost:${address.port}`];
    proxy.fault = ({ name }) =>
      name === 'hello' || name === 'isMaster' || name === 'ismaster'
        ? {
            ok: 1,
            helloOk: true,
            isWritablePrimary: false,
            secondary: true,
            setName: 'rs',
            hosts,
            maxWireVersion: 21,
            minWireVersion: 0,
          }
        : undefined;
    await cloud.secret('set', { MONGO_SERVER_URL: `mongodb://${proxy.host}/?replicaSet=rs` });
    const { run, attestation } = await cloud.fixture();
    const error = await failureOf(driver({ secret: 'set' }).put(attestation, run, never)).finally(() => {
      proxy.heal();
    });
    forbidden.close();
    assert.equal(connections, 0);
    assert.equal(error.reason, 'EndpointForbidden');
    assert.match(error.message, /outbound\.allow/);
  });

  for (const [what, fault, reason] of [
    ['closes the connection', 'Cut', 'BackendUnavailable'],
    ['answers with garbage', 'Garbage', 'BackendUnavailable'],
    ['does not answer', 'Hang', 'BackendUnavailable'],
    ['refuses the account', { ok: 0, code: 13, codeName: 'Unauthorized', errmsg: PASSWORD }, 'BackendUnauthorized'],
    ['is shutting down', { ok: 0, code: 91, codeName: 'ShutdownInProgress', errmsg: PASSWORD }, 'BackendUnavailable'],
    ['is full', { ok: 0, code: 14031, codeName: 'OutOfDiskSpace', errmsg: PASSWORD }, 'BackendUnavailable'],
    [
      'validates documents',
      { ok: 0, code: 121, codeName: 'DocumentValidationFailure', errmsg: PASSWORD },
      'BackendRejected',
    ],
  ] as const) {
    it(`says so and stores afterwards when the server ${what}`, async () => {
      const { run, attestation } = await cloud.fixture();
      const faulty = proxied(fault === 'Hang' ? { putTimeoutMs: 500 } : {});
      proxy.fault = ({ name }) => (name === 'insert' ? fault : undefined);
      const error = await failureOf(faulty.put(attestation, run, never)).finally(() => {
        proxy.heal();
      });
      assert.equal(error.reason, reason);
      for (const secret of [PASSWORD, proxy.host]) assert.ok(!error.message.includes(secret), error.message);
      await proxied().put(attestation, run, never);
      assert.equal((await documents(run, attestation)).length, 1);
      await faulty.close?.();
    });
  }

  it('loses nothing and stores nothing twice when the server goes in the middle of a hundred runs', async () => {
    const evidence = await Promise.all(Array.from({ length: 100 }, () => cloud.fixture()));
    const one = proxied();
    let seen = 0;
    proxy.fault = ({ name }) => (name === 'insert' && (seen += 1) > 50 ? 'Cut' : undefined);
    const first = await Promise.allSettled(evidence.map(({ run, attestation }) => one.put(attestation, run, never)));
    proxy.heal();
    assert.ok(first.some(({ status }) => status === 'rejected'));
    await Promise.all(evidence.map(({ run, attestation }) => one.put(attestation, run, never)));
    for (const { run, attestation } of evidence) assert.equal((await documents(run, attestation)).length, 1);
    await one.close?.();
  });

  it('speaks TLS as the backend says, with the authority that it names', async () => {
    const metadata = { name: 'mongo-ca', namespace: cloud.namespace };
    const data = { 'ca.crt': readFileSync(server.caFile, 'utf8') };
    await cloud.bed.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    await cloud.secret('secure', { MONGO_SERVER_URL: `mongodb://${server.tlsHost}/?tls=true` });
    const { run, attestation } = await cloud.fixture();
    assert.equal((await driver({ secret: 'secure', ca: 'mongo-ca' }).put(attestation, run, never)).length, 1);
    const stranger = await failureOf(driver({ secret: 'secure' }).put(attestation, run, never));
    assert.equal(stranger.reason, 'BackendUnavailable');
    assert.match(stranger.message, /tls\.caBundleRef/);
  });
});
