// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, afterEach, before, describe, it } from 'node:test';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { loadKeySigner } from '../../src/signing/key/load-key-signer.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import { parseCosignManifest } from '../../src/storage/oci/cosign-tags/cosign-manifest.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { Registry } from '../testbed/registry/registry.ts';
import { FaultyRegistry } from './faulty-registry.ts';
import type { Answer } from './faulty-registry.ts';
import { runTarget, signedImage, signedStatement } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';
import type { Location } from '../../src/storage/stored-evidence.ts';

const never = new AbortController().signal;
let bed: StorageBed;
let registry: Registry;
let faulty: FaultyRegistry;
let signer: KeySigner;
let namespace: string;

before(async () => {
  bed = await StorageBed.start('oci-faults');
  registry = await Registry.start(bed.supervisor, { referrers: true });
  faulty = await FaultyRegistry.start(registry.host);
  namespace = await bed.namespace();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = { 'x509.pem': Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })) };
  signer = await loadKeySigner(data, 'signing-secrets');
});
afterEach(() => {
  faulty.fault = {};
  faulty.requests.length = 0;
});
after(async () => {
  await faulty.stop();
  await bed.stop();
});

function driver(authentication: 'RunServiceAccount' | 'Anonymous' = 'Anonymous'): StorageDriver {
  const oci = { encoding: 'CosignTags', authentication: { type: authentication }, tls: { insecure: false } } as const;
  const spec = {
    type: 'OCI',
    selector: {},
    keys: 'Reference',
    acceptFrom: [],
    artifacts: ['Attestation'],
    oci,
  } as const;
  return storageDriver({ kind: 'StorageBackend', name: 'r', namespace, spec }, bed.context(['127.0.0.0/8']));
}

interface Image {
  readonly sha256: string;
  statement(note?: string): Promise<SignedArtifact>;
}

/** An image in the registry, named as the proxy in front of it. */
async function pushed(): Promise<Image> {
  const { digest } = await registry.pushImage('team/app');
  const sha256 = digest.slice('sha256:'.length);
  const subject = { name: `${faulty.host}/team/app`, digest: { sha256 } };
  return { sha256, statement: (note) => signedStatement(signer, [subject], note) };
}

function put(artifact: SignedArtifact, through = driver()): Promise<readonly Location[]> {
  return through.put(artifact, runTarget(namespace, { serviceAccountName: 'pusher' }), never);
}

async function failure(promise: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StorageError, String(error));
  return error;
}

/** Method and kind of the requests since the last call. */
function asked(): readonly string[] {
  return faulty.requests.splice(0).map((request) => request.replace(/^(\w+) .*\/(manifests|blobs)\/.*$/, '$1 $2'));
}

function isTagWrite(request: IncomingMessage): boolean {
  return request.method === 'PUT' && /\/manifests\/sha256-.*\.att$/.test(request.url ?? '');
}

/** Answers a request of this kind instead of the registry, so many times. */
function times(
  count: number,
  isMeant: (request: IncomingMessage) => boolean,
  answer: Answer,
): (request: IncomingMessage) => Answer | undefined {
  let left = count;
  return (request) => {
    if (left === 0 || !isMeant(request)) return undefined;
    left -= 1;
    return answer;
  };
}

async function digests(sha256: string): Promise<readonly string[]> {
  const response = await registry.client().send(`/v2/team/app/manifests/sha256-${sha256}.att`);
  return parseCosignManifest(response.body)?.layers.map(({ digest }) => digest) ?? [];
}

describe('OCI storage on a registry that misbehaves', () => {
  it('writes again when another writer replaced the tag at the same moment', async () => {
    const image = await pushed();
    const [first] = await put(await image.statement('first'));
    const path = `/v2/team/app/manifests/sha256-${image.sha256}.att`;
    const stale = (await registry.client().send(path)).body;
    const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
    let overtaken = 0;
    faulty.fault = {
      before: async (request) => {
        if (!isTagWrite(request) || overtaken === 2) return;
        overtaken += 1;
        await registry.client().send(path, { method: 'PUT', headers, body: stale });
      },
    };
    const [second] = await put(await image.statement('second'));
    assert.equal(overtaken, 2);
    assert.deepEqual(await digests(image.sha256), [first?.digest, second?.digest]);
  });

  it('gives up for now when others replace the tag each time', async () => {
    const image = await pushed();
    faulty.fault = {
      before: async (request) => {
        if (!isTagWrite(request)) return;
        await registry.client().send(`/v2/team/app/manifests/sha256-${image.sha256}.att`, { method: 'DELETE' });
      },
    };
    const error = await failure(put(await image.statement()));
    assert.equal(error.reason, 'BackendUnavailable');
    assert.match(error.message, /other writers/);
  });

  it('reads again when the registry minds that the tag has changed', async () => {
    const image = await pushed();
    faulty.fault = { instead: times(1, isTagWrite, { status: 412 }) };
    await put(await image.statement());
    assert.equal((await digests(image.sha256)).length, 1);
    assert.equal(faulty.requests.filter((request) => /^PUT .*\.att$/.test(request)).length, 2);
  });

  it('hands on how long a busy registry wants to be left alone', async () => {
    const statement = await (await pushed()).statement();
    const soon = new Date(Date.now() + 90_000).toUTCString();
    const cases: readonly (readonly [Answer, number | undefined])[] = [
      [{ status: 429, headers: { 'retry-after': '17' } }, 17],
      [{ status: 503, headers: { 'retry-after': '999999' } }, 3600],
      [{ status: 503, headers: { 'retry-after': soon } }, 90],
      [{ status: 503, headers: { 'retry-after': 'whenever' } }, undefined],
      [{ status: 500 }, undefined],
    ];
    for (const [answer, seconds] of cases) {
      faulty.fault = { instead: () => answer };
      const error = await failure(put(statement));
      assert.equal(error.reason, 'BackendUnavailable');
      const given = error.retryAfterSeconds;
      assert.ok(
        given === seconds || (seconds === 90 && given !== undefined && Math.abs(given - 90) <= 2),
        String(given),
      );
    }
  });

  it('repeats the code of a refusal and none of its text', async () => {
    const statement = await (await pushed()).statement();
    const body = JSON.stringify({ errors: [{ code: 'TAG_INVALID', message: 'planted text' }] });
    faulty.fault = { instead: times(1, isTagWrite, { status: 400, body }) };
    const error = await failure(put(statement));
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, new RegExp(`writing ${faulty.host}/team/app:sha256-.* answers 400 \\(TAG_INVALID\\)`));
    assert.ok(!error.message.includes('planted'));
    faulty.fault = { instead: () => ({ status: 403 }) };
    assert.equal((await failure(put(statement))).reason, 'BackendUnauthorized');
  });

  it('stores an attestation in five requests and an image signature in six, and reads each back in one, later in two', async () => {
    const image = await pushed();
    const through = driver();
    const run = runTarget(namespace);
    const signature = await signedImage(signer, `${faulty.host}/team/app`, image.sha256);
    for (const [artifact, first] of [
      [await image.statement(), []],
      [signature, ['HEAD manifests']],
    ] as const) {
      const [location] = await put(artifact, through);
      assert.ok(location);
      const writes = ['GET manifests', 'POST blobs', 'POST blobs', 'PUT manifests', 'GET manifests'];
      assert.deepEqual(asked(), [...first, ...writes]);
      await through.get(location, never, run);
      assert.deepEqual(asked(), ['GET blobs']);
      await through.get(location, never, run);
      assert.deepEqual(asked(), ['GET manifests', 'GET blobs']);
    }
  });

  it('does not follow an upload to another host', async () => {
    const statement = await (await pushed()).statement();
    const isUpload = ({ method }: IncomingMessage): boolean => method === 'POST';
    const location = 'http://127.0.0.1:1/upload?token=x';
    faulty.fault = { instead: times(1, isUpload, { status: 202, headers: { location } }) };
    const error = await failure(put(statement));
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, /another host/);
    assert.ok(!error.message.includes('token'));
  });

  it('notices when the bytes that are read back are not those that were stored', async () => {
    const [location] = await put(await (await pushed()).statement());
    assert.ok(location);
    faulty.fault = {
      instead: times(1, ({ url }) => url?.includes('/blobs/') === true, { status: 200, body: '{"payload":""}' }),
    };
    assert.equal((await failure(driver().get(location, never))).reason, 'BackendRejected');
  });

  it('asks the token service for exactly this repository, also by an identity token', async () => {
    const asked: string[] = [];
    const service = createServer((request, response) => {
      void text(request).then((body) => {
        asked.push(
          `${request.method ?? ''} ${new URL(request.url ?? '', 'http://x').search}${body} ${request.headers.authorization ?? '-'}`,
        );
        response.end(JSON.stringify({ access_token: 'granted' }));
      });
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const address = service.address();
    assert.ok(typeof address === 'object' && address !== null);
    const challenge = `Bearer realm="http://127.0.0.1:${address.port}/token",service="reg"`;
    const demand = ({ headers }: IncomingMessage): Answer | undefined =>
      headers.authorization === 'Bearer granted'
        ? undefined
        : { status: 401, headers: { 'www-authenticate': challenge } };
    const image = await pushed();
    for (const [name, entry] of [
      ['password', { username: 'u', password: 'p' }],
      ['identity', { identitytoken: 'refresh' }],
    ] as const) {
      await account(name, entry);
      faulty.fault = { instead: demand };
      const run = runTarget(namespace, { serviceAccountName: name });
      await driver('RunServiceAccount').put(await image.statement(name), run, never);
    }
    service.close();
    const scope = 'scope=repository%3Ateam%2Fapp%3Apull%2Cpush&service=reg';
    assert.deepEqual(asked, [
      `GET ?${scope} Basic dTpw`,
      `POST ${scope}&grant_type=refresh_token&client_id=hallmark&refresh_token=refresh -`,
    ]);
    assert.equal((await digests(image.sha256)).length, 2);
  });

  it('shows a registry token as it is', async () => {
    await account('bearer', { registrytoken: 'granted' });
    const challenge = { 'www-authenticate': 'Bearer realm="http://127.0.0.1:1/token"' };
    faulty.fault = {
      instead: ({ headers }) =>
        headers.authorization === 'Bearer granted' ? undefined : { status: 401, headers: challenge },
    };
    const image = await pushed();
    const run = runTarget(namespace, { serviceAccountName: 'bearer' });
    assert.equal((await driver('RunServiceAccount').put(await image.statement(), run, never)).length, 1);
  });
});

/** A ServiceAccount with this entry for the proxy in its docker configuration. */
async function account(name: string, entry: object): Promise<void> {
  const config = JSON.stringify({ auths: { [faulty.host]: entry } });
  const data = { '.dockerconfigjson': Buffer.from(config).toString('base64') };
  const metadata = { name, namespace };
  await bed.apply(
    { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', metadata, data },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, secrets: [{ name }] },
  );
}
