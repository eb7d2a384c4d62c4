// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { StorageBackendSpec } from '../../src/api/v1alpha1/storage-backend/schema.ts';
import { signatureText } from '../../src/evidence/signature-text.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import type { Probe, StorageDriver } from '../../src/storage/driver.ts';
import { objectStem, SUFFIXES } from '../../src/storage/buckets/object-names.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { MotoAccounts } from '../kms/moto-accounts.ts';
import { Moto } from '../testbed/moto/moto.ts';
import { CloudBed } from './cloud-bed.ts';
import type { DriverSetting } from './cloud-bed.ts';
import { describeFaults } from './faults.contract.ts';
import { interruptedDriver } from './interrupted.ts';
import { describeNamedStore } from './named-store.contract.ts';
import { makeS3Bucket, sendToS3 } from './s3-request.ts';
import { runTarget, signedStatement } from './signed-evidence.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

const never = new AbortController().signal;
const PASSWORD = 'planted-secret-key';
const BUCKET = 'evidence';

let cloud: CloudBed;
let moto: Moto;
let proxy: FaultProxy;

before(async () => {
  cloud = await CloudBed.start('s3-storage');
  moto = await Moto.start(cloud.bed.supervisor);
  proxy = await FaultProxy.start({ target: moto.url });
  await makeS3Bucket(moto, BUCKET);
  await cloud.secret('aws', { aws_access_key_id: 'AKIATEAM', aws_secret_access_key: PASSWORD });
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
  readonly prefix?: string;
}

function driverFor(setting: Setting = {}): StorageDriver {
  const { bucket = BUCKET, secret = 'aws', keys = 'Reference', endpoint = proxy.url, prefix } = setting;
  const s3 = {
    bucket,
    region: moto.region,
    endpoint,
    forcePathStyle: true,
    authentication: { type: 'Secret', secretRef: { name: secret } },
    tls: { insecure: true },
    ...(prefix === undefined ? {} : { prefix }),
  } as const;
  const spec: StorageBackendSpec = { type: 'S3', keys, s3 };
  return cloud.driver(spec, { allow: [proxy.host, moto.host], putTimeoutMs: 60_000, ...setting });
}

/** An object as moto's own HTTP gives it; undefined when there is none. */
async function objectAt(name: string): Promise<{ body: Buffer; owner: string | null } | undefined> {
  const answer = await sendToS3(moto, `${BUCKET}/${name}`);
  if (answer.status === 404) return undefined;
  assert.equal(answer.status, 200);
  return { body: Buffer.from(await answer.arrayBuffer()), owner: answer.headers.get('x-amz-meta-hallmark-owner') };
}

async function contents(run: RunTarget, artifact: SignedArtifact): Promise<string> {
  const stem = objectStem(artifact, run, 'Reference');
  const objects = await Promise.all(SUFFIXES.map((suffix) => objectAt(`${stem}.${suffix}`)));
  return objects
    .map((object) => (object === undefined ? '-' : createHash('sha256').update(object.body).digest('hex')))
    .join(' ');
}

function signedAgain(artifact: SignedArtifact): Promise<SignedArtifact> {
  return signedStatement(cloud.signer, artifact.subjects);
}

async function names(): Promise<readonly string[]> {
  const listing = await (await sendToS3(moto, `${BUCKET}?list-type=2&max-keys=1000`)).text();
  return [...listing.matchAll(/<Key>([^<]+)<\/Key>/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

describe('S3 storage', () => {
  describeStorageDriver('S3 storage', {
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
      interruptedDriver(moto.url, ({ url, host }) => driverFor({ endpoint: url, allow: [host] }), { request, lost }),
    perPolicy: () => driverFor({ keys: 'PerPolicy' }),
    probe: {
      missing: {
        driver: () => driverFor({ bucket: 'not-there' }),
        reason: 'BackendRejected',
        message: /create it, or correct s3\.bucket/,
      },
      misconfigured: {
        driver: () => driverFor({ secret: 'not-there' }),
        reason: 'BackendUnauthorized',
        message: /not-there/,
      },
    },
  });

  describeNamedStore('S3 storage', {
    driver: (keys = 'Reference') => driverFor({ keys }),
    fixture: (more) => cloud.fixture(more),
    signedAgain,
    contents,
    plant: async (run, artifact, content) => {
      const stem = objectStem(artifact, run, 'Reference');
      const files = { signature: signatureText(content), payload: content.payload };
      for (const [suffix, body] of Object.entries(files)) {
        await sendToS3(moto, `${BUCKET}/${stem}.${suffix}`, { method: 'PUT', body: new Uint8Array(body) });
      }
    },
  });

  describeFaults('S3 storage', {
    proxy: () => proxy,
    driver: (putTimeoutMs = 60_000) => driverFor({ putTimeoutMs }),
    fixture: () => cloud.fixture(),
    contents,
    secrets: [PASSWORD],
  });

  it("lays the reference's four objects out, under the prefix", async () => {
    const run = runTarget(cloud.namespace, { kind: 'PipelineRun', name: 'bake' });
    const { attestation, image } = await cloud.fixture();
    const driver = driverFor({ prefix: 'team/a/' });
    const [first] = await driver.put(attestation, run, never);
    const [second] = await driver.put(image, run, never);
    const folder = `team/a/pipelinerun-${cloud.namespace}-bake`;
    const key = image.subjects[0]?.digest['sha256']?.slice(0, 12) ?? '';
    assert.equal(first?.uri, `s3://${BUCKET}/${folder}/pipelinerun-${run.uid}`);
    assert.equal(second?.uri, `s3://${BUCKET}/${folder}/${key}`);
    for (const [stem, artifact] of [
      [`${folder}/pipelinerun-${run.uid}`, attestation],
      [`${folder}/${key}`, image],
    ] as const) {
      assert.deepEqual((await objectAt(`${stem}.signature`))?.body, signatureText(artifact));
      assert.deepEqual((await objectAt(`${stem}.payload`))?.body, artifact.payload);
      assert.equal((await objectAt(`${stem}.cert`))?.body.length, 0);
      assert.equal((await objectAt(`${stem}.chain`))?.body.length, 0);
    }
    assert.deepEqual((await driver.get(first, never)).payload, attestation.payload);
  });

  it('tells by a probe what is wrong, and leaves nothing behind', async () => {
    const before = await names();
    await cloud.secret('half', { aws_access_key_id: 'AKIA' });
    const probes = {
      ready: driverFor(),
      'no bucket': driverFor({ bucket: 'not-there' }),
      'no Secret': driverFor({ secret: 'not-there' }),
      'half a Secret': driverFor({ secret: 'half' }),
      forbidden: driverFor({ allow: [] }),
      'not S3': driverFor({ endpoint: cloud.bed.plane.url, allow: [new URL(cloud.bed.plane.url).host] }),
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
        ['not S3', 'BackendUnauthorized'],
        ['no server', 'BackendUnavailable'],
      ],
    );
    const messages = Object.fromEntries(found.map(([state, { message = '' }]) => [state, message]));
    assert.match(messages['no bucket'] ?? '', /create it, or correct s3\.bucket/);
    assert.match(messages['no Secret'] ?? '', /not-there/);
    assert.deepEqual(await names(), before);
  });

  it('tells strangers, and those who may only read, from those who may write', async () => {
    const before = await names();
    const accounts = new MotoAccounts(moto);
    await accounts.user('s3-writer', ['s3:PutObject', 's3:GetObject', 's3:ListBucket']);
    await accounts.user('s3-reader', ['s3:GetObject', 's3:ListBucket']);
    for (const user of ['s3-writer', 's3-reader']) {
      const { id, secret } = accounts.credentials(user);
      await cloud.secret(user, { aws_access_key_id: id, aws_secret_access_key: secret });
    }
    const probeAll = async (): Promise<readonly Probe[]> => {
      await moto.enforce();
      try {
        return await Promise.all(['s3-writer', 's3-reader', 'aws'].map((secret) => driverFor({ secret }).probe(never)));
      } finally {
        await moto.trustAll();
      }
    };
    const [writer, reader, stranger] = await probeAll();
    assert.deepEqual(writer, { ready: true });
    assert.equal(reader?.reason, 'BackendUnauthorized');
    assert.match(
      reader.message ?? '',
      /AccessDenied \(403\); grant the backend's identity what docs\/stores lists for it/,
    );
    assert.equal(stranger?.reason, 'BackendUnauthorized');
    assert.match(stranger.message ?? '', /InvalidAccessKeyId \(403\); its credentials are not accepted: renew/);
    assert.deepEqual(await names(), before);
  });

  it('is not ready on a store that ignores conditions, and takes its trial back', async () => {
    const before = await names();
    proxy.fail(
      {
        type: 'Rewrite',
        rewrite: (answer) => ({
          ...answer,
          status: 200,
          headers: { ...answer.headers, etag: '"1"' },
          body: Buffer.alloc(0),
        }),
      },
      { when: ({ method }) => method === 'PUT' },
    );
    const { reason, message } = await driverFor()
      .probe(never)
      .finally(() => {
        proxy.heal();
      });
    assert.equal(reason, 'BackendRejected');
    assert.match(message ?? '', /conditional writes/);
    assert.ok(proxy.asked('hallmark-probe').some(({ method }) => method === 'DELETE'));
    assert.deepEqual(await names(), before);
  });
});
