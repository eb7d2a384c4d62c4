// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { StorageBackendSpec } from '../../src/api/v1alpha1/storage-backend/schema.ts';
import { shortKey } from '../../src/evidence/short-key.ts';
import { signatureText } from '../../src/evidence/signature-text.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import type { Probe, StorageDriver } from '../../src/storage/driver.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { MotoAccounts } from '../kms/moto-accounts.ts';
import { Moto } from '../testbed/moto/moto.ts';
import { CloudBed } from './cloud-bed.ts';
import type { DriverSetting } from './cloud-bed.ts';
import { askDynamoDb, makeEvidenceTable } from './dynamodb-request.ts';
import { failureOf } from './failure-of.ts';
import { describeFaults } from './faults.contract.ts';
import { interruptedDriver } from './interrupted.ts';
import { describeNamedStore } from './named-store.contract.ts';
import { runTarget, signedImage, signedStatement } from './signed-evidence.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

const never = new AbortController().signal;
const PASSWORD = 'planted-secret-key';
const TABLE = 'evidence';

let cloud: CloudBed;
let moto: Moto;
let proxy: FaultProxy;

before(async () => {
  cloud = await CloudBed.start('dynamodb-storage');
  moto = await Moto.start(cloud.bed.supervisor);
  proxy = await FaultProxy.start({ target: moto.url });
  await makeEvidenceTable(moto, TABLE);
  await makeEvidenceTable(moto, 'misnamed', 'name');
  await cloud.secret('aws', { aws_access_key_id: 'AKIATEAM', aws_secret_access_key: PASSWORD });
});
after(async () => {
  await proxy.stop();
  await cloud.stop();
});

interface Setting extends DriverSetting {
  readonly keys?: 'Reference' | 'PerPolicy';
  readonly table?: string;
  readonly secret?: string;
  readonly endpoint?: string;
}

function driverFor(setting: Setting = {}): StorageDriver {
  const { table = TABLE, secret = 'aws', keys = 'Reference', endpoint = proxy.url } = setting;
  const authentication = { type: 'Secret', secretRef: { name: secret } } as const;
  const dynamodb = { table, region: moto.region, endpoint, authentication, tls: { insecure: true } };
  const spec: StorageBackendSpec = { type: 'DynamoDB', keys, dynamodb };
  return cloud.driver(spec, { allow: [proxy.host, moto.host], putTimeoutMs: 60_000, ...setting });
}

/** The document as moto's own HTTP gives it: attributes with their types. */
async function documentAt(name: string): Promise<Readonly<Record<string, unknown>>> {
  const { Item = {} } = await askDynamoDb(moto, 'GetItem', { TableName: TABLE, Key: { Name: { S: name } } });
  return typeof Item === 'object' && Item !== null ? Object.fromEntries(Object.entries(Item)) : {};
}

async function contents(run: RunTarget, artifact: SignedArtifact): Promise<string> {
  const document = await documentAt(shortKey(artifact, run));
  return JSON.stringify(Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** More than an item holds. */
function hugeStatement(): Promise<SignedArtifact> {
  return signedStatement(cloud.signer, [], randomBytes(100_000).toString('hex'));
}

async function count(): Promise<unknown> {
  return (await askDynamoDb(moto, 'Scan', { TableName: TABLE, Select: 'COUNT' }))['Count'];
}

describe('DynamoDB storage', () => {
  describeStorageDriver('DynamoDB storage', {
    driver: () => driverFor(),
    whileUnreachable: async (work) => {
      proxy.fail({ type: 'Reset' });
      proxy.cut();
      await work().finally(() => {
        proxy.heal();
      });
    },
    fixture: () => cloud.fixture(),
    contents,
    copies: async (run, artifact) => Number('Signed' in (await documentAt(shortKey(artifact, run)))),
    interrupted: (request, lost) =>
      interruptedDriver(moto.url, ({ url, host }) => driverFor({ endpoint: url, allow: [host] }), { request, lost }),
    perPolicy: () => driverFor({ keys: 'PerPolicy' }),
    oversized: async () => ({ run: runTarget(cloud.namespace), artifact: await hugeStatement() }),
    probe: {
      missing: {
        driver: () => driverFor({ table: 'not-there' }),
        reason: 'BackendRejected',
        message: /create it, or correct dynamodb\.table/,
      },
      misconfigured: {
        driver: () => driverFor({ table: 'misnamed' }),
        reason: 'BackendRejected',
        message: /must be the string Name/,
      },
    },
  });

  describeNamedStore('DynamoDB storage', {
    driver: (keys = 'Reference') => driverFor({ keys }),
    fixture: (more) => cloud.fixture(more),
    signedAgain: (artifact) => signedStatement(cloud.signer, artifact.subjects),
    contents,
    plant: async (run, artifact, content) => {
      const Item = {
        Name: { S: shortKey(artifact, run) },
        Signed: { B: content.payload.toString('base64') },
        Signature: { S: signatureText(content).toString('base64') },
      };
      await askDynamoDb(moto, 'PutItem', { TableName: TABLE, Item });
    },
  });

  describeFaults('DynamoDB storage', {
    proxy: () => proxy,
    driver: (putTimeoutMs = 60_000) => driverFor({ putTimeoutMs }),
    fixture: () => cloud.fixture(),
    contents,
    secrets: [PASSWORD],
  });

  it("writes the reference's document, with its types and no other field", async () => {
    const run = runTarget(cloud.namespace);
    const subject = { name: 'reg.example/app', digest: { sha256: 'ab'.repeat(32) } };
    const attestation = await signedStatement(cloud.signer, [subject], '');
    const [location] = await driverFor().put(attestation, run, never);
    assert.equal(location?.uri, `dynamodb://${TABLE}/taskrun-${run.uid}`);
    const written = await documentAt(`taskrun-${run.uid}`);
    assert.deepEqual(written, {
      Name: { S: `taskrun-${run.uid}` },
      Signed: { B: attestation.payload.toString('base64') },
      Signature: { S: signatureText(attestation).toString('base64') },
      Cert: { NULL: true },
      Chain: { NULL: true },
      Object: {
        M: {
          _type: { S: 'https://in-toto.io/Statement/v1' },
          predicateType: { S: 'https://slsa.dev/provenance/v1' },
          subject: {
            L: [{ M: { name: { S: subject.name }, digest: { M: { sha256: { S: subject.digest.sha256 } } } } }],
          },
          predicate: {
            M: {
              buildDefinition: {
                M: {
                  buildType: { S: 'https://tekton.dev/chains/v2/slsa' },
                  internalParameters: { M: { note: { NULL: true } } },
                },
              },
            },
          },
        },
      },
    });
  });

  it('lets a TaskRun and its PipelineRun share what one policy signed about an image', async () => {
    const sha256 = randomBytes(32).toString('hex');
    const [first, second] = await Promise.all([
      signedImage(cloud.signer, 'reg.example/app', sha256),
      signedImage(cloud.signer, 'reg.example/app', sha256),
    ]);
    const task = runTarget(cloud.namespace);
    const pipeline = runTarget(cloud.namespace, { kind: 'PipelineRun' });
    const locations = await driverFor().put(first, task, never);
    assert.deepEqual(await driverFor().put(second, pipeline, never), locations);
    assert.deepEqual((await driverFor().get(locations[0] ?? { uri: '' }, never)).signature, first.signature);
    const elsewhere = await signedImage(cloud.signer, 'reg.example/other', sha256);
    assert.equal((await failureOf(driverFor().put(elsewhere, pipeline, never))).reason, 'KeyConflict');
  });

  it('refuses evidence that no item can hold, and says where it fits', async () => {
    const asked = proxy.requests.length;
    const error = await failureOf(driverFor().put(await hugeStatement(), runTarget(cloud.namespace), never));
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, /409600.*such as S3/);
    assert.equal(proxy.requests.length, asked);
  });

  it('tells by a probe what is wrong, and leaves nothing behind', async () => {
    const before = await count();
    const probes = {
      ready: driverFor(),
      'no table': driverFor({ table: 'not-there' }),
      'another key': driverFor({ table: 'misnamed' }),
      'no Secret': driverFor({ secret: 'not-there' }),
      forbidden: driverFor({ allow: [] }),
      'no server': driverFor({ endpoint: 'http://127.0.0.1:1', allow: ['127.0.0.1:1'] }),
    };
    const found = await Promise.all(
      Object.entries(probes).map(async ([state, driver]) => [state, await driver.probe(never)] as const),
    );
    assert.deepEqual(
      found.map(([state, { reason }]) => [state, reason]),
      [
        ['ready', undefined],
        ['no table', 'BackendRejected'],
        ['another key', 'BackendRejected'],
        ['no Secret', 'BackendUnauthorized'],
        ['forbidden', 'EndpointForbidden'],
        ['no server', 'BackendUnavailable'],
      ],
    );
    const messages = Object.fromEntries(found.map(([state, { message = '' }]) => [state, message]));
    assert.match(messages['no table'] ?? '', /create it, or correct dynamodb\.table/);
    assert.match(messages['another key'] ?? '', /must be the string Name/);
    assert.equal(await count(), before);
  });

  it('tells strangers, and those who may only read, from those who may write', async () => {
    const before = await count();
    const accounts = new MotoAccounts(moto);
    await accounts.user('items-writer', ['dynamodb:PutItem', 'dynamodb:GetItem']);
    await accounts.user('items-reader', ['dynamodb:GetItem']);
    for (const user of ['items-writer', 'items-reader']) {
      const { id, secret } = accounts.credentials(user);
      await cloud.secret(user, { aws_access_key_id: id, aws_secret_access_key: secret });
    }
    const probeAll = async (): Promise<readonly Probe[]> => {
      await moto.enforce();
      try {
        return await Promise.all(
          ['items-writer', 'items-reader', 'aws'].map((secret) => driverFor({ secret }).probe(never)),
        );
      } finally {
        await moto.trustAll();
      }
    };
    const [writer, reader, stranger] = await probeAll();
    assert.deepEqual(writer, { ready: true });
    assert.equal(reader?.reason, 'BackendUnauthorized');
    assert.match(reader.message ?? '', /grant the backend's identity what docs\/stores lists for it/);
    assert.equal(stranger?.reason, 'BackendUnauthorized');
    assert.equal(await count(), before);
  });

  // moto refuses as S3 does, in XML and with 403.
  it('takes a refusal for one by its name, as Amazon sends it with 400', async () => {
    const refusals = {
      AccessDeniedException: /AccessDeniedException \(400\); grant the backend's identity/,
      UnrecognizedClientException: /UnrecognizedClientException \(400\); its credentials are not accepted: renew/,
    };
    for (const [name, message] of Object.entries(refusals)) {
      const body = JSON.stringify({ __type: `com.amazon.coral.service#${name}`, message: 'User is not authorized' });
      proxy.fail({ type: 'Status', status: 400, headers: { 'content-type': 'application/x-amz-json-1.0' }, body });
      const driver = driverFor();
      const found = await driver.probe(never).finally(() => {
        proxy.heal();
      });
      assert.equal(found.reason, 'BackendUnauthorized');
      assert.match(found.message ?? '', message);
    }
  });
});
