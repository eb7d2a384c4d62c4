// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { EffectiveAuthentication, EffectiveOCI } from '../../src/api/v1alpha1/storage-backend/defaults.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { signatureText } from '../../src/evidence/signature-text.ts';
import { loadKeySigner } from '../../src/signing/key/load-key-signer.ts';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import type { BackendDefinition } from '../../src/storage/backend-definition.ts';
import type { Probe, StorageDriver } from '../../src/storage/driver.ts';
import { parseCosignManifest } from '../../src/storage/oci/cosign-tags/cosign-manifest.ts';
import type { CosignManifest } from '../../src/storage/oci/cosign-tags/cosign-manifest.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { storageDriver } from '../../src/storage/storage-driver.ts';
import { dockerConfig } from '../testbed/registry/credentials.ts';
import { Registry } from '../testbed/registry/registry.ts';
import type { RegistryOptions } from '../testbed/registry/registry.ts';
import { runTarget, signedImage, signedStatement } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';

const never = new AbortController().signal;
const auth = { username: 'builder', password: 'planted-secret' };
const kinds: Readonly<Record<string, RegistryOptions>> = {
  'a registry with the referrers API': { referrers: true },
  'a registry with the referrers API and Basic authentication': { referrers: true, auth },
  'a registry without the referrers API': { referrers: false },
  'a registry without the referrers API, with an htpasswd file': { referrers: false, auth },
  'a registry without the referrers API, with tokens': { referrers: false, auth, token: true },
};

let bed: StorageBed;
let signer: KeySigner;
let namespace: string;

before(async () => {
  bed = await StorageBed.start('oci-storage');
  namespace = await bed.namespace();
  signer = await newSigner();
});
after(() => bed.stop());

function newSigner(): Promise<KeySigner> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return loadKeySigner(
    { 'x509.pem': Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })) },
    'signing-secrets',
  );
}

interface Setting {
  readonly authentication?: EffectiveAuthentication;
  readonly repository?: string;
  readonly tls?: EffectiveOCI['tls'];
  readonly allow?: readonly string[];
  readonly putTimeoutMs?: number;
}

function driverFor(registry: Pick<Registry, 'host'>, setting: Setting = {}): StorageDriver {
  const { authentication = { type: 'RunServiceAccount' }, repository, tls = { insecure: false } } = setting;
  const oci = {
    encoding: 'CosignTags',
    authentication,
    tls,
    ...(repository === undefined ? {} : { repository }),
  } as const;
  const artifacts = ['Attestation', 'ImageSignature'] as const;
  const spec = { type: 'OCI', selector: {}, keys: 'Reference', acceptFrom: [], artifacts, oci } as const;
  const backend: BackendDefinition = { kind: 'StorageBackend', name: 'registry', namespace, spec };
  const { putTimeoutMs = 60_000 } = setting;
  return storageDriver(backend, { ...bed.context(setting.allow ?? [registry.host]), putTimeoutMs });
}

/** A dockerconfigjson Secret, and a ServiceAccount that lists it. */
async function credentials(name: string, host: string, account = auth): Promise<void> {
  const data = { '.dockerconfigjson': Buffer.from(dockerConfig(host, account)).toString('base64') };
  const metadata = { name, namespace };
  await bed.apply(
    { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', metadata, data },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, secrets: [{ name }, { name: 'missing' }] },
  );
}

async function failure(promise: Promise<unknown>): Promise<StorageError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StorageError, String(error));
  for (const secret of [auth.password, Buffer.from(`${auth.username}:${auth.password}`).toString('base64'), '?']) {
    assert.ok(!error.message.includes(secret), error.message);
  }
  return error;
}

interface Pushed {
  readonly name: string;
  readonly sha256: string;
}

async function push(registry: Registry, path: string): Promise<Pushed> {
  const { digest } = await registry.pushImage(path);
  return { name: `${registry.host}/${path}`, sha256: digest.slice('sha256:'.length) };
}

function statementOf(image: Pushed, note?: string): Promise<SignedArtifact> {
  return signedStatement(signer, [{ name: image.name, digest: { sha256: image.sha256 } }], note);
}

/** The manifest of a tag as text, and its layers. */
async function tagged(
  registry: Registry,
  path: string,
  tag: string,
): Promise<{ text: string; layers: CosignManifest['layers'] }> {
  const response = await registry.client().send(`/v2/${path}/manifests/${tag}`);
  if (response.status === 404) return { text: '', layers: [] };
  assert.equal(response.status, 200);
  const text = response.body.toString();
  return { text, layers: parseCosignManifest(response.body)?.layers ?? [] };
}

describe('OCI storage in cosign tags', () => {
  for (const [title, options] of Object.entries(kinds)) {
    describe(`on ${title}`, () => {
      let registry: Registry;
      // The token server has a port of its own.
      const allow = ['127.0.0.0/8'];
      const account = title
        .replaceAll(/[^a-z]+/gi, '-')
        .toLowerCase()
        .slice(0, 60);

      before(async () => {
        registry = await Registry.start(bed.supervisor, options);
        await credentials(account, registry.host);
      });
      after(() => registry.stop());

      it('keeps every attestation that is written to one image at once', async () => {
        const image = await push(registry, 'team/app');
        const run = runTarget(namespace, { serviceAccountName: account });
        const statements = await Promise.all(
          Array.from({ length: 8 }, (_, index) => statementOf(image, `note ${index}`)),
        );
        await Promise.all(statements.map((statement) => driverFor(registry, { allow }).put(statement, run, never)));
        const { layers } = await tagged(registry, 'team/app', `sha256-${image.sha256}.att`);
        assert.equal(layers.length, 8);
        assert.equal(new Set(layers.map(({ digest }) => digest)).size, 8);
      });
    });
  }
});

describe('OCI storage', () => {
  let registry: Registry;
  let locked: Registry;

  before(async () => {
    registry = await Registry.start(bed.supervisor, { referrers: true });
    locked = await Registry.start(bed.supervisor, { referrers: false, auth });
  });

  it('attaches a statement to each image among its subjects and passes over the rest', async () => {
    const one = await push(registry, 'team/one');
    const two = await push(registry, 'team/two');
    const statement = await signedStatement(signer, [
      { name: 'pkg:maven/com.x/y', digest: { sha256: one.sha256 } },
      { name: one.name, digest: { sha256: one.sha256 } },
      { name: `${one.name}:v1`, digest: { sha256: one.sha256 } },
      { name: 'https://files.example/app.jar', digest: { sha256: two.sha256 } },
      { name: two.name, digest: { sha256: two.sha256 } },
    ]);
    const locations = await driverFor(registry).put(statement, runTarget(namespace), never);
    assert.deepEqual(
      locations.map(({ uri }) => uri),
      [`oci://${one.name}:sha256-${one.sha256}.att`, `oci://${two.name}:sha256-${two.sha256}.att`],
    );
    for (const [path, { sha256 }] of [
      ['team/one', one],
      ['team/two', two],
    ] as const) {
      assert.equal((await tagged(registry, path, `sha256-${sha256}.att`)).layers.length, 1);
    }
  });

  it('says NoSubjects when no subject is an image', async () => {
    const statement = await signedStatement(signer, [{ name: 'pkg:maven/com.x/y', digest: { sha1: 'a'.repeat(40) } }]);
    const error = await failure(driverFor(registry).put(statement, runTarget(namespace), never));
    assert.equal(error.reason, 'NoSubjects');
    assert.match(error.message, /IMAGE_URL/);
  });

  it('stores for the images that can be reached when another cannot', async () => {
    const image = await push(registry, 'team/app');
    const refused = { name: `${locked.host}/team/app`, digest: { sha256: 'd'.repeat(64) } };
    const statement = await signedStatement(signer, [refused, { name: image.name, digest: { sha256: image.sha256 } }]);
    const driver = driverFor(registry, { allow: [registry.host, locked.host] });
    const error = await failure(driver.put(statement, runTarget(namespace), never));
    assert.equal(error.reason, 'BackendUnauthorized');
    assert.match(error.message, new RegExp(`${locked.host}/.*ServiceAccount ${namespace}/default`));
    const tag = `sha256-${image.sha256}.att`;
    assert.deepEqual(
      error.locations.map(({ uri }) => uri),
      [`oci://${image.name}:${tag}`],
    );
    assert.equal((await tagged(registry, 'team/app', tag)).layers.length, 1);
  });

  it('attests what is no image manifest, and signs a blob, as Chains does', async () => {
    const { sha256 } = await push(registry, 'team/blobs');
    const config = await registry.client().send(`/v2/team/blobs/manifests/sha256:${sha256}`);
    const blob = (parseCosignManifest(config.body)?.config.digest ?? '').slice('sha256:'.length);
    const name = `${registry.host}/team/blobs`;
    const driver = driverFor(registry);
    for (const artifact of [
      await signedStatement(signer, [{ name, digest: { sha256: blob } }]),
      await signedImage(signer, name, blob),
    ]) {
      const [location] = await driver.put(artifact, runTarget(namespace), never);
      assert.ok(location);
      assert.deepEqual((await driver.get(location, never)).payload, artifact.payload);
    }
    const absent = 'd'.repeat(64);
    const statement = await signedStatement(signer, [{ name, digest: { sha256: absent } }]);
    assert.equal((await driver.put(statement, runTarget(namespace), never)).length, 1);
    const error = await failure(driver.put(await signedImage(signer, name, absent), runTarget(namespace), never));
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, new RegExp(`${registry.host}/team/blobs@sha256:d+ does not exist; push it`));
  });

  it('adds no second signature of one payload by one key, unless the first does not verify', async () => {
    const image = await push(registry, 'team/twice');
    const driver = driverFor(registry);
    const [one, two] = [
      await signedImage(signer, image.name, image.sha256),
      await signedImage(signer, image.name, image.sha256),
    ];
    assert.ok(!one.signature.equals(two.signature));
    const locations = await driver.put(one, runTarget(namespace), never);
    assert.deepEqual(await driver.put(two, runTarget(namespace), never), locations);
    const tag = `sha256-${image.sha256}.sig`;
    const { text, layers } = await tagged(registry, 'team/twice', tag);
    assert.equal(layers.length, 1);
    const [location] = locations;
    assert.ok(location);
    assert.deepEqual((await driver.get(location, never)).signature, one.signature);
    const forged = text.replace(one.signature.toString('base64'), Buffer.from('forged').toString('base64'));
    const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
    const put = { method: 'PUT', headers, body: forged };
    assert.equal((await registry.client().send(`/v2/team/twice/manifests/${tag}`, put)).status, 201);
    await driver.put(two, runTarget(namespace), never);
    assert.equal((await tagged(registry, 'team/twice', tag)).layers.length, 2);
  });

  it('tries every Secret of the ServiceAccount that is for the registry, and names those that are none', async () => {
    const image = await push(locked, 'team/app');
    const metadata = (name: string, annotations = {}): object => ({ name, namespace, annotations });
    const docker = (name: string, password: string): object => {
      const data = { '.dockerconfigjson': dockerConfig(locked.host, { ...auth, password }) };
      return {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/dockerconfigjson',
        metadata: metadata(name),
        stringData: data,
      };
    };
    const annotated = { 'tekton.dev/docker-0': `http://${locked.host}` };
    const account = (name: string, secrets: readonly string[]): object => {
      return {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: metadata(name),
        secrets: secrets.map((of) => ({ name: of })),
      };
    };
    await bed.apply(
      docker('expired', 'old'),
      docker('good', auth.password),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/basic-auth',
        metadata: metadata('tekton', annotated),
        stringData: auth,
      },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'Opaque',
        metadata: metadata('opaque'),
        stringData: { 'config.json': '{}' },
      },
      account('two-secrets', ['expired', 'good']),
      account('basic-auth', ['tekton']),
      account('none-works', ['expired', 'opaque', 'absent']),
    );
    const driver = driverFor(locked);
    for (const serviceAccountName of ['two-secrets', 'basic-auth']) {
      const statement = await statementOf(image, serviceAccountName);
      assert.equal((await driver.put(statement, runTarget(namespace, { serviceAccountName }), never)).length, 1);
    }
    const refused = driver.put(
      await statementOf(image),
      runTarget(namespace, { serviceAccountName: 'none-works' }),
      never,
    );
    const error = await failure(refused);
    assert.equal(error.reason, 'BackendUnauthorized');
    const named = `tried Secret ${namespace}/expired, skipped Secret ${namespace}/opaque \\(is of type Opaque with a config.json.*Secret ${namespace}/absent \\(does not exist\\)`;
    assert.match(error.message, new RegExp(named));
  });

  it('gives up on registries that never answer, and tries each of them once', async () => {
    let connections = 0;
    const tarpit = createServer(() => {
      connections += 1;
    });
    await new Promise<void>((resolve) => tarpit.listen(0, '127.0.0.1', resolve));
    const address = tarpit.address();
    assert.ok(typeof address === 'object' && address !== null);
    const host = `127.0.0.1:${address.port}`;
    const subjects = ['a', 'b', 'c'].map((digit) => ({
      name: `${host}/team/app`,
      digest: { sha256: digit.repeat(64) },
    }));
    const driver = driverFor({ host }, { putTimeoutMs: 300 });
    const error = await failure(driver.put(await signedStatement(signer, subjects), runTarget(namespace), never));
    tarpit.close();
    assert.equal(error.reason, 'BackendUnavailable');
    assert.equal(connections, 1);
  });

  it("keeps two keys' signatures of one image apart", async () => {
    const image = await push(registry, 'team/app');
    const other = await newSigner();
    const driver = driverFor(registry);
    const run = runTarget(namespace);
    for (const key of [signer, other]) {
      const artifact = await signedImage(key, image.name, image.sha256);
      const [location] = await driver.put(artifact, run, never);
      assert.ok(location);
      assert.deepEqual((await driver.get(location, never)).signature, signatureText(artifact));
    }
    const { layers } = await tagged(registry, 'team/app', `sha256-${image.sha256}.sig`);
    assert.equal(layers.length, 2);
    assert.equal(layers[0]?.digest, layers[1]?.digest);
  });

  it('keeps the evidence that lies in an override repository already', async () => {
    const image = await push(registry, 'team/app');
    const driver = driverFor(registry, { repository: `${registry.host}/evidence/all` });
    const run = runTarget(namespace);
    await driver.put(await statementOf(image, 'TaskRun'), run, never);
    const [location] = await driver.put(await statementOf(image, 'PipelineRun'), run, never);
    assert.match(location?.uri ?? '', /\/evidence\/all:sha256-/);
    assert.equal((await tagged(registry, 'evidence/all', `sha256-${image.sha256}.att`)).layers.length, 2);
    assert.equal((await tagged(registry, 'team/app', `sha256-${image.sha256}.att`)).text, '');
  });

  it('does not touch a tag that holds something else', async () => {
    const image = await push(registry, 'team/app');
    const tag = `sha256-${image.sha256}.att`;
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [],
    });
    const headers = { 'content-type': 'application/vnd.oci.image.index.v1+json' };
    const put = await registry.client().send(`/v2/team/app/manifests/${tag}`, { method: 'PUT', headers, body: index });
    assert.equal(put.status, 201);
    const error = await failure(driverFor(registry).put(await statementOf(image), runTarget(namespace), never));
    assert.equal(error.reason, 'BackendRejected');
    assert.equal((await tagged(registry, 'team/app', tag)).text, index);
  });

  it("uses the run's ServiceAccount, and says BackendUnauthorized when that has no or wrong credentials", async () => {
    const image = await push(locked, 'team/app');
    const statement = await statementOf(image);
    await credentials('right', locked.host);
    await credentials('wrong', locked.host, { ...auth, password: 'guess' });
    for (const serviceAccountName of ['default', 'wrong', 'no-such-account']) {
      const error = await failure(
        driverFor(locked).put(statement, runTarget(namespace, { serviceAccountName }), never),
      );
      assert.equal(error.reason, 'BackendUnauthorized');
      assert.match(error.message, new RegExp(`${locked.host}.*credentials`));
    }
    const run = runTarget(namespace, { serviceAccountName: 'right' });
    assert.equal((await driverFor(locked).put(statement, run, never)).length, 1);
    const elsewhere = runTarget(await bed.namespace(), { serviceAccountName: 'right' });
    assert.equal((await failure(driverFor(locked).put(statement, elsewhere, never))).reason, 'BackendUnauthorized');
  });

  it("uses the backend's Secret for every run, and no credentials when anonymous", async () => {
    const statement = await statementOf(await push(locked, 'team/app'));
    await credentials('push', locked.host);
    const authentication = { type: 'Secret', secretRef: { name: 'push' } } as const;
    const driver = driverFor(locked, { authentication, repository: `${locked.host}/team/evidence` });
    assert.equal((await driver.put(statement, runTarget(namespace), never)).length, 1);
    assert.deepEqual(await driver.probe(never), { ready: true });
    const anonymous = driverFor(locked, { authentication: { type: 'Anonymous' } });
    const run = runTarget(namespace, { serviceAccountName: 'push' });
    assert.equal((await failure(anonymous.put(statement, run, never))).reason, 'BackendUnauthorized');
  });

  it('tells by a probe what is wrong, and that it is mended', async () => {
    const repository = `${locked.host}/team/evidence`;
    const authentication = { type: 'Secret', secretRef: { name: 'probed' } } as const;
    const driver = driverFor(locked, { authentication, repository });
    const probes: Record<string, Probe> = {};
    probes['missing Secret'] = await driver.probe(never);
    await credentials('probed', locked.host, { ...auth, password: 'guess' });
    probes['wrong password'] = await driver.probe(never);
    await locked.down(0);
    probes['down'] = await driver.probe(never);
    await locked.up();
    probes['forbidden'] = await driverFor(locked, { repository, allow: [] }).probe(never);
    assert.deepEqual(
      Object.entries(probes).map(([state, { reason }]) => [state, reason]),
      [
        ['missing Secret', 'BackendUnauthorized'],
        ['wrong password', 'BackendUnauthorized'],
        ['down', 'BackendUnavailable'],
        ['forbidden', 'EndpointForbidden'],
      ],
    );
    assert.match(probes['missing Secret'].message ?? '', new RegExp(`Secret ${namespace}/probed .*create it`));
    await credentials('probed', locked.host);
    assert.deepEqual(await driver.probe(never), { ready: true });
    assert.deepEqual(await driverFor(locked, { repository }).probe(never), { ready: true });
  });

  it('does not connect to where the operator does not allow', async () => {
    const statement = await statementOf(await push(registry, 'team/app'));
    const error = await failure(driverFor(registry, { allow: [] }).put(statement, runTarget(namespace), never));
    assert.equal(error.reason, 'EndpointForbidden');
  });

  it('trusts a private authority that the backend names, and no other unless it says insecure', async () => {
    const secure = await Registry.start(bed.supervisor, { referrers: true, tls: true });
    const other = await Registry.start(bed.supervisor, { referrers: true, tls: true });
    assert.ok(secure.caFile !== undefined && other.caFile !== undefined);
    const statement = await statementOf(await push(secure, 'team/app'));
    const run = runTarget(namespace);
    const data = {
      'ca.crt': readFileSync(secure.caFile, 'utf8'),
      'other.crt': readFileSync(other.caFile, 'utf8'),
      empty: '',
    };
    await bed.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'registry-ca', namespace }, data });
    const trusting = (key: string): Setting => ({
      tls: { insecure: false, caBundleRef: { name: 'registry-ca', key } },
    });
    assert.equal((await driverFor(secure, trusting('ca.crt')).put(statement, run, never)).length, 1);
    const missing = await failure(driverFor(secure, trusting('empty')).put(statement, run, never));
    assert.equal(missing.reason, 'BackendRejected');
    assert.match(missing.message, /registry-ca/);
    const insecure = driverFor(secure, { tls: { insecure: true } });
    assert.equal((await insecure.put(statement, run, never)).length, 1);
    const insecurePlain = driverFor(registry, { tls: { insecure: true } });
    assert.equal((await insecurePlain.put(await statementOf(await push(registry, 'team/app')), run, never)).length, 1);
    const stranger = await failure(driverFor(secure, trusting('other.crt')).put(statement, run, never));
    assert.equal(stranger.reason, 'BackendUnavailable');
    assert.match(stranger.message, /oci\.tls\.caBundleRef/);
  });

  it('does not send credentials to a token service that is easier to listen to than the registry', async () => {
    const mixed = await Registry.start(bed.supervisor, { referrers: false, auth, token: true, tls: true });
    assert.ok(mixed.caFile !== undefined);
    await credentials('mixed', mixed.host);
    const data = { 'ca.crt': readFileSync(mixed.caFile, 'utf8') };
    await bed.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mixed-ca', namespace }, data });
    const statement = await statementOf(await push(mixed, 'team/app'));
    const tls = { insecure: false, caBundleRef: { name: 'mixed-ca', key: 'ca.crt' } };
    const run = runTarget(namespace, { serviceAccountName: 'mixed' });
    const error = await failure(driverFor(mixed, { tls, allow: ['127.0.0.0/8'] }).put(statement, run, never));
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, /realm/);
  });
});
