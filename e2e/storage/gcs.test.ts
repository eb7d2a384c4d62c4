// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Storage } from '@google-cloud/storage';
import type { Bucket } from '@google-cloud/storage';
import type { StorageBackendSpec } from '../../src/api/v1alpha1/storage-backend/schema.ts';
import { signatureText } from '../../src/evidence/signature-text.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { objectStem, SUFFIXES } from '../../src/storage/buckets/object-names.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { FakeGcs } from '../testbed/gcs/fake-gcs.ts';
import { CloudBed } from './cloud-bed.ts';
import type { DriverSetting } from './cloud-bed.ts';
import { failureOf } from './failure-of.ts';
import { describeFaults } from './faults.contract.ts';
import { interruptedDriver } from './interrupted.ts';
import { describeNamedStore } from './named-store.contract.ts';
import { runTarget, signedStatement } from './signed-evidence.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

const never = new AbortController().signal;
const TOKEN = 'planted-bearer-token';
const BUCKET = 'evidence';

let cloud: CloudBed;
let gcs: FakeGcs;
let proxy: FaultProxy;
/** Google's own client, as the reader that knows nothing of ours. */
let reader: Bucket;

before(async () => {
  cloud = await CloudBed.start('gcs-storage');
  gcs = await FakeGcs.start(cloud.bed.supervisor);
  proxy = await FaultProxy.start({ target: gcs.url });
  await gcs.makeBucket(BUCKET);
  reader = new Storage({ apiEndpoint: gcs.url, projectId: 'test' }).bucket(BUCKET);
  await cloud.secret('google', { access_token: TOKEN });
});
after(async () => {
  await proxy.stop();
  await cloud.stop();
});

interface Setting extends DriverSetting {
  readonly keys?: 'Reference' | 'PerPolicy';
  readonly bucket?: string;
  readonly secret?: string;
  readonly endpoint?: string;
}

function driverFor(setting: Setting = {}): StorageDriver {
  const { bucket = BUCKET, secret = 'google', keys = 'Reference', endpoint = proxy.url } = setting;
  const spec: StorageBackendSpec = {
    type: 'GCS',
    keys,
    gcs: {
      bucket,
      apiEndpoint: endpoint,
      authentication: { type: 'Secret', secretRef: { name: secret } },
      tls: { insecure: true },
    },
  };
  return cloud.driver(spec, { allow: [proxy.host, gcs.host], putTimeoutMs: 60_000, ...setting });
}

/** An object as Google's own client gives it; undefined when there is none. */
async function objectAt(name: string): Promise<Buffer | undefined> {
  const file = reader.file(name);
  const [exists] = await file.exists();
  if (!exists) return undefined;
  const [body] = await file.download({ validation: false });
  return body;
}

async function contents(run: RunTarget, artifact: SignedArtifact): Promise<string> {
  const stem = objectStem(artifact, run, 'Reference');
  const objects = await Promise.all(SUFFIXES.map((suffix) => objectAt(`${stem}.${suffix}`)));
  return objects.map((body) => (body === undefined ? '-' : createHash('sha256').update(body).digest('hex'))).join(' ');
}

function signedAgain(artifact: SignedArtifact): Promise<SignedArtifact> {
  return signedStatement(cloud.signer, artifact.subjects);
}

async function names(): Promise<readonly string[]> {
  const [files] = await reader.getFiles();
  return files.map(({ name }) => name);
}

describe('GCS storage', () => {
  describeStorageDriver('GCS storage', {
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
    copies: async (run, artifact) => {
      const stem = objectStem(artifact, run, 'Reference');
      const there = (await names()).filter((name) => name.startsWith(stem));
      return there.length / SUFFIXES.length;
    },
    interrupted: (request, lost) =>
      interruptedDriver(gcs.url, ({ url, host }) => driverFor({ endpoint: url, allow: [host] }), { request, lost }),
    perPolicy: () => driverFor({ keys: 'PerPolicy' }),
    probe: {
      missing: {
        driver: () => driverFor({ bucket: 'not-there' }),
        reason: 'BackendRejected',
        message: /create it, or correct gcs\.bucket/,
      },
      misconfigured: {
        driver: () => driverFor({ secret: 'not-there' }),
        reason: 'BackendUnauthorized',
        message: /not-there/,
      },
    },
  });

  describeNamedStore('GCS storage', {
    driver: (keys = 'Reference') => driverFor({ keys }),
    fixture: (more) => cloud.fixture(more),
    signedAgain,
    contents,
    plant: async (run, artifact, content) => {
      const stem = objectStem(artifact, run, 'Reference');
      await reader.file(`${stem}.signature`).save(signatureText(content), { resumable: false });
      await reader.file(`${stem}.payload`).save(content.payload, { resumable: false });
    },
  });

  describeFaults('GCS storage', {
    proxy: () => proxy,
    driver: (putTimeoutMs = 60_000) => driverFor({ putTimeoutMs }),
    fixture: () => cloud.fixture(),
    contents,
    secrets: [TOKEN],
  });

  it("lays the reference's four objects out", async () => {
    const run = runTarget(cloud.namespace, { kind: 'PipelineRun', name: 'bake' });
    const { attestation, image } = await cloud.fixture();
    const [first] = await driverFor().put(attestation, run, never);
    const [second] = await driverFor().put(image, run, never);
    const folder = `pipelinerun-${cloud.namespace}-bake`;
    const key = image.subjects[0]?.digest['sha256']?.slice(0, 12) ?? '';
    assert.equal(first?.uri, `gs://${BUCKET}/${folder}/pipelinerun-${run.uid}`);
    assert.equal(second?.uri, `gs://${BUCKET}/${folder}/${key}`);
    for (const [stem, artifact] of [
      [`${folder}/pipelinerun-${run.uid}`, attestation],
      [`${folder}/${key}`, image],
    ] as const) {
      assert.deepEqual(await objectAt(`${stem}.signature`), signatureText(artifact));
      assert.deepEqual(await objectAt(`${stem}.payload`), artifact.payload);
      assert.equal((await objectAt(`${stem}.cert`))?.length, 0);
      assert.equal((await objectAt(`${stem}.chain`))?.length, 0);
    }
    assert.ok(proxy.requests.every(({ headers }) => headers['authorization'] === `Bearer ${TOKEN}`));
  });

  it('sees the failure of every single write', async () => {
    for (const suffix of SUFFIXES) {
      const { run, image } = await cloud.fixture();
      const stem = objectStem(image, run, 'Reference');
      proxy.fail(
        { type: 'Status', status: 403 },
        { when: ({ method, body }) => method === 'POST' && body.includes(`"${stem}.${suffix}"`) },
      );
      const error = await failureOf(driverFor().put(image, run, never)).finally(() => {
        proxy.heal();
      });
      assert.equal(error.reason, 'BackendUnauthorized', suffix);
      assert.match(error.message, /storage\.objects\.create/);
    }
  });

  it('tells by a probe what is wrong, and leaves nothing behind', async () => {
    const before = await names();
    await cloud.secret('empty', { other: 'entry' });
    const plane = new URL(cloud.bed.plane.url);
    const probes = {
      ready: driverFor(),
      'no bucket': driverFor({ bucket: 'not-there' }),
      'no Secret': driverFor({ secret: 'not-there' }),
      'half a Secret': driverFor({ secret: 'empty' }),
      forbidden: driverFor({ allow: [] }),
      'not Cloud Storage': driverFor({ endpoint: plane.origin, allow: [plane.host] }),
      'no server': driverFor({ endpoint: 'http://127.0.0.1:1', allow: ['127.0.0.1:1'] }),
    };
    const found = await Promise.all(
      Object.entries(probes).map(async ([state, driver]) => [state, await driver.probe(never)] as const),
    );
    assert.deepEqual(
      found.map(([state, { reason }]) => [state, reason]),
      [
        ['ready', undefined],
        ['no bucket', 'BackendRejected'],
        ['no Secret', 'BackendUnauthorized'],
        ['half a Secret', 'BackendUnauthorized'],
        ['forbidden', 'EndpointForbidden'],
        ['not Cloud Storage', 'BackendUnauthorized'],
        ['no server', 'BackendUnavailable'],
      ],
    );
    const messages = Object.fromEntries(found.map(([state, { message = '' }]) => [state, message]));
    assert.match(messages['no bucket'] ?? '', /create it, or correct gcs\.bucket/);
    assert.match(messages['no Secret'] ?? '', /not-there/);
    assert.deepEqual(await names(), before);
  });

  it('tells read-only and expired credentials apart, and asks for new ones after a refusal', async () => {
    const driver = driverFor();
    const wrong = { 'read-only': [403, /objectUser/], expired: [401, /renew/] } as const;
    for (const [state, [status, remedy]] of Object.entries(wrong)) {
      proxy.fail({ type: 'Status', status });
      const { reason, message = '' } = await driver.probe(never).finally(() => {
        proxy.heal();
      });
      assert.equal(reason, 'BackendUnauthorized', state);
      assert.match(message, remedy);
    }
    await cloud.secret('google', { access_token: `${TOKEN}-renewed` });
    assert.deepEqual(await driver.probe(never), { ready: true });
    assert.equal(proxy.requests.at(-1)?.headers['authorization'], `Bearer ${TOKEN}-renewed`);
    await cloud.secret('google', { access_token: TOKEN });
  });

  it('is not ready on a server that ignores preconditions', async () => {
    proxy.fail({ type: 'Rewrite', rewrite: (answer) => ({ ...answer, status: 200 }) });
    const { reason, message } = await driverFor()
      .probe(never)
      .finally(() => {
        proxy.heal();
      });
    assert.equal(reason, 'BackendRejected');
    assert.match(message ?? '', /preconditions/);
  });

  it('never lets a team act as the operator', async () => {
    const authentication = { type: 'WorkloadIdentity' } as const;
    const spec: StorageBackendSpec = { type: 'GCS', gcs: { bucket: BUCKET, apiEndpoint: proxy.url, authentication } };
    const asked = proxy.requests.length;
    const { reason, message } = await cloud.driver(spec, { allow: [proxy.host] }).probe(never);
    assert.equal(reason, 'BackendRejected');
    assert.match(message ?? '', /name a Secret or a ServiceAccount/);
    assert.equal(proxy.requests.length, asked);
  });
});
