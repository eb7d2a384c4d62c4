// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Firestore as Client } from '@google-cloud/firestore';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { signatureText } from '../../src/evidence/signature-text.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { evidenceName } from '../../src/storage/documents/evidence-name.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { Firestore } from '../testbed/firestore/firestore.ts';
import { CloudBed } from './cloud-bed.ts';
import { failureOf } from './failure-of.ts';
import { describeFaults } from './faults.contract.ts';
import { httpInterruption } from './http-interruption.ts';
import { describeNamedStore } from './named-store.contract.ts';
import { signedStatement } from './signed-evidence.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

const never = new AbortController().signal;
const project = 'acme-evidence';
const WRITER = 'planted-writer';
const READER = 'planted-reader';

let cloud: CloudBed;
let server: Firestore;
let proxy: FaultProxy;
/** Google's own client, over gRPC: it shares nothing with the driver. */
let client: Client;

before(async () => {
  cloud = await CloudBed.start('firestore');
  server = await Firestore.start({ project, writer: WRITER, reader: READER });
  proxy = await FaultProxy.start({ target: server.url });
  client = new Client({
    projectId: project,
    host: server.grpcHost,
    ssl: false,
    customHeaders: { authorization: 'Bearer owner' },
  });
  for (const [name, token] of Object.entries({ writer: WRITER, reader: READER, stranger: 'planted-stranger' })) {
    await cloud.secret(name, { access_token: token });
  }
});
after(async () => {
  await client.terminate();
  await proxy.stop();
  await server.stop();
  await cloud.stop();
});

interface Setting {
  readonly endpoint?: string;
  readonly projectID?: string;
  readonly database?: string;
  readonly collection?: string;
  readonly secret?: string;
  readonly keys?: 'Reference' | 'PerPolicy';
  readonly allow?: readonly string[];
  readonly putTimeoutMs?: number;
}

function driver(setting: Setting = {}): StorageDriver {
  const { endpoint = server.url, secret = 'writer', keys = 'Reference', allow, putTimeoutMs, ...more } = setting;
  const authentication = { type: 'Secret', secretRef: { name: secret } } as const;
  const place = { projectID: project, collection: 'chains', endpoint, ...more };
  const timeout = putTimeoutMs === undefined ? {} : { putTimeoutMs };
  return cloud.driver(
    { type: 'Firestore', keys, firestore: { ...place, authentication, tls: { insecure: true } } },
    { allow: allow ?? [new URL(endpoint).host], ...timeout },
  );
}

async function documents(run: RunTarget, artifact: SignedArtifact): Promise<readonly unknown[]> {
  const name = evidenceName(artifact, run, 'Reference');
  const { docs } = await client.collection('chains').where('Name', '==', name).get();
  return docs.map((document) => ({ id: document.id, updated: document.updateTime.toMillis(), ...document.data() }));
}

async function contents(run: RunTarget, artifact: SignedArtifact): Promise<string> {
  return JSON.stringify(await documents(run, artifact));
}

describe('Firestore storage', () => {
  describeStorageDriver('Firestore storage', {
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
    interrupted: (request, lost) =>
      httpInterruption(server.url, ({ url }) => driver({ endpoint: url }), { request, lost }),
    perPolicy: () => driver({ keys: 'PerPolicy' }),
    oversized: async () => {
      const subjects = [{ name: 'reg.example/large', digest: { sha256: 'c'.repeat(64) } }];
      return {
        run: (await cloud.fixture()).run,
        artifact: await signedStatement(cloud.signer, subjects, 'x'.repeat(400_000)),
      };
    },
    probe: {
      unauthorized: {
        driver: () => driver({ secret: 'stranger' }),
        reason: 'BackendUnauthorized',
        message: /answers 401 UNAUTHENTICATED; grant datastore/,
      },
      missing: {
        driver: () => driver({ database: 'elsewhere' }),
        reason: 'BackendRejected',
        message: /the database does not exist: create it in native mode/,
      },
      readOnly: {
        driver: () => driver({ secret: 'reader' }),
        reason: 'BackendUnauthorized',
        message: /answers 403 PERMISSION_DENIED; grant datastore/,
      },
      misconfigured: {
        driver: () => driver({ secret: 'no-such-secret' }),
        reason: 'BackendUnauthorized',
        message: /no-such-secret/,
      },
    },
  });

  describeNamedStore('Firestore storage', {
    driver: (keys) => driver(keys === undefined ? {} : { keys }),
    fixture: (more) => cloud.fixture(more),
    signedAgain: async (artifact) => {
      const { signature } = await cloud.signer.sign(Buffer.concat([artifact.payload, Buffer.from('again')]));
      return { ...artifact, signature };
    },
    contents,
    plant: async (run, artifact, content) => {
      const Name = evidenceName(artifact, run, 'Reference');
      const Signature = signatureText(content).toString('base64');
      const fields = { Name, Signed: content.payload, Signature, Cert: '', Chain: '', Object: {} };
      await client.collection('chains').doc(Name).create(fields);
    },
  });

  describeFaults('Firestore storage', {
    proxy: () => proxy,
    driver: (putTimeoutMs) => driver({ endpoint: proxy.url, ...(putTimeoutMs === undefined ? {} : { putTimeoutMs }) }),
    fixture: () => cloud.fixture(),
    contents,
    secrets: [WRITER],
  });

  it("writes the reference's document, which Google's client reads, with no other fields", async () => {
    const { run, attestation } = await cloud.fixture();
    const [location] = await driver().put(attestation, run, never);
    const name = `taskrun-${run.uid}`;
    const place = `projects/${project}/databases/(default)/documents/chains/${name}`;
    assert.equal(location?.uri, `firestore://${place}`);
    const data = (await client.collection('chains').doc(name).get()).data() ?? {};
    assert.deepEqual(Object.keys(data).sort(), ['Cert', 'Chain', 'Name', 'Object', 'Signature', 'Signed']);
    assert.equal(data['Name'], name);
    assert.deepEqual(data['Signed'], attestation.payload);
    assert.equal(data['Signature'], signatureText(attestation).toString('base64'));
    assert.deepEqual(data['Object'], JSON.parse(attestation.payload.toString()));
  });

  for (const [what, payload, message] of [
    ['nested too deep', `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`, /nested deeper than the 19 levels/],
    ['with a list in a list', '{"a":[[1]]}', /a list in a list/],
    ['with a field of no name', '{"a":[{"":1}]}', /a field whose name Firestore does not take/],
    ['with a name that the service keeps for itself', '{"a":{"__b__":1}}', /a field whose name/],
  ] as const) {
    it(`says BackendRejected of a payload ${what}`, async () => {
      const { run, attestation } = await cloud.fixture();
      const error = await failureOf(driver().put({ ...attestation, payload: Buffer.from(payload) }, run, never));
      assert.equal(error.reason, 'BackendRejected');
      assert.match(error.message, message);
    });
  }

  it('shows a changed token once the old one is refused', async () => {
    await cloud.secret('rotated', { access_token: 'old' });
    const rotating = driver({ secret: 'rotated' });
    const { run, attestation } = await cloud.fixture();
    assert.equal((await failureOf(rotating.put(attestation, run, never))).reason, 'BackendUnauthorized');
    await cloud.secret('rotated', { access_token: WRITER });
    assert.equal((await rotating.put(attestation, run, never)).length, 1);
  });

  it('does not connect to where the operator does not allow', async () => {
    assert.equal((await driver({ allow: [] }).probe(never)).reason, 'EndpointForbidden');
  });
});
