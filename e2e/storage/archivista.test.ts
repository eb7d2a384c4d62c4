// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { field, listField } from '../../src/json/fields.ts';
import { envelopeBody, gitoid } from '../../src/storage/archivista/envelope-body.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { Archivista } from '../testbed/archivista/archivista.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { CloudBed } from './cloud-bed.ts';
import type { Evidence } from './cloud-bed.ts';
import { failureOf } from './failure-of.ts';
import { describeFaults } from './faults.contract.ts';
import { httpInterruption } from './http-interruption.ts';
import { signedSigstoreStatement } from './signed-sigstore-statement.ts';

const never = new AbortController().signal;
const TOKEN = 'planted-bearer-token';

let cloud: CloudBed;
let server: Archivista;
let proxy: FaultProxy;

before(async () => {
  cloud = await CloudBed.start('archivista');
  server = await Archivista.start(cloud.bed.supervisor);
  proxy = await FaultProxy.start({ target: server.url });
  await cloud.secret('token', { token: `${TOKEN}\n` });
  await cloud.secret('header', { authorization: 'Basic planted' });
});
after(async () => {
  await proxy.stop();
  await cloud.stop();
});

interface Setting {
  readonly url?: string;
  readonly secret?: string;
  readonly tls?: { readonly insecure?: boolean; readonly caBundleRef?: { readonly name: string } };
  readonly allow?: readonly string[];
  readonly putTimeoutMs?: number;
}

function driver({
  url = server.url,
  secret,
  tls = { insecure: true },
  allow,
  putTimeoutMs,
}: Setting = {}): StorageDriver {
  const authentication =
    secret === undefined ? {} : { authentication: { type: 'Secret', secretRef: { name: secret } } as const };
  const timeout = putTimeoutMs === undefined ? {} : { putTimeoutMs };
  return cloud.driver(
    { type: 'Archivista', archivista: { url, tls, ...authentication } },
    { allow: allow ?? [new URL(url).host], ...timeout },
  );
}

/** The signature of an image in the one form that is an envelope. */
async function fixture(): Promise<Evidence> {
  const evidence = await cloud.fixture();
  const [subject] = evidence.image.subjects;
  assert.ok(subject?.digest['sha256'] !== undefined);
  const image = await signedSigstoreStatement(cloud.signer, subject.name, subject.digest['sha256']);
  return { ...evidence, image };
}

const FIND = `query($name: String!) { dsses(where: {hasStatementWith: {hasSubjectsWith: {hasSubjectDigestsWith: {value: $name}}}})
  { edges { node { gitoidSha256 payloadType signatures { keyID signature }
    statement { predicate subjects { edges { node { name } } } } } } } }`;

/** The index entry of an artifact, looked up by the digest of its subject. */
async function known(artifact: SignedArtifact): Promise<readonly unknown[]> {
  const data = await server.query(FIND, { name: artifact.subjects[0]?.digest['sha256'] });
  const nodes = listField(field(data, 'dsses'), 'edges').map((edge) => field(edge, 'node'));
  const name = gitoid(envelopeBody(artifact));
  return nodes.filter((node) => field(node, 'gitoidSha256') === name);
}

async function contents(artifact: SignedArtifact): Promise<string> {
  const download = await fetch(`${server.url}/download/${gitoid(envelopeBody(artifact))}`);
  return JSON.stringify([await known(artifact), download.status === 200 ? await download.text() : download.status]);
}

describe('Archivista storage', () => {
  describeStorageDriver('Archivista storage', {
    driver: () => driver(),
    whileUnreachable: async (work) => {
      await server.down();
      try {
        await work();
      } finally {
        await server.up();
      }
    },
    fixture,
    contents: (_run, artifact) => contents(artifact),
    copies: async (_run, artifact) => (await known(artifact)).length,
    interrupted: (request, lost) => httpInterruption(server.url, ({ url }) => driver({ url }), { request, lost }),
    keepsCertificates: false,
    concurrentWriters: 'Both',
    probe: {
      unauthorized: {
        driver: () => {
          proxy.fail({ type: 'Status', status: 401 }, { times: 1 });
          return driver({ url: proxy.url, secret: 'token' });
        },
        reason: 'BackendUnauthorized',
        message: /answers 401; let archivista\.authentication name credentials/,
      },
      missing: {
        driver: () => driver({ url: `${server.url}/elsewhere` }),
        reason: 'BackendRejected',
        message: /no Archivista is there: check archivista\.url/,
      },
      misconfigured: {
        driver: () => driver({ secret: 'no-such-secret' }),
        reason: 'BackendUnauthorized',
        message: /Secret team-.*\/no-such-secret .*put one there/,
      },
    },
  });

  describeFaults('Archivista storage', {
    proxy: () => proxy,
    driver: (putTimeoutMs) =>
      driver({ url: proxy.url, secret: 'token', ...(putTimeoutMs === undefined ? {} : { putTimeoutMs }) }),
    fixture,
    contents: (_run, artifact) => contents(artifact),
    secrets: [TOKEN],
  });

  it('is found by GraphQL as what it is, and downloaded as the envelope that Chains uploads', async () => {
    const { run, attestation } = await fixture();
    const [location] = await driver().put(attestation, run, never);
    const [subject] = attestation.subjects;
    assert.deepEqual(await known(attestation), [
      {
        gitoidSha256: location?.uri.slice(-64),
        payloadType: 'application/vnd.in-toto+json',
        signatures: [{ keyID: attestation.keyID, signature: attestation.signature.toString('base64') }],
        statement: {
          predicate: 'https://slsa.dev/provenance/v1',
          subjects: { edges: [{ node: { name: subject?.name } }] },
        },
      },
    ]);
    assert.equal(location?.uri, `${server.url}/download/${location?.uri.slice(-64) ?? ''}`);
    assert.equal(location.digest, `gitoid:blob:sha256:${location.uri.slice(-64)}`);
    const downloaded = await (await fetch(location.uri)).text();
    const envelope = {
      payload: attestation.payload.toString('base64'),
      payloadType: attestation.payloadType,
      signatures: [{ keyid: attestation.keyID, sig: attestation.signature.toString('base64') }],
    };
    assert.equal(downloaded, `${JSON.stringify(envelope)}\n`);
  });

  it('has no place for a simple signing, says so, and sends nothing', async () => {
    const { run, image } = await cloud.fixture();
    const before = proxy.requests.length;
    const error = await failureOf(driver({ url: proxy.url }).put(image, run, never));
    assert.equal(error.reason, 'NoSubjects');
    assert.match(error.message, /no DSSE envelope.*SigstoreStatement/);
    assert.equal(proxy.requests.length, before);
  });

  it('completes an upload that the server has in its files and not in its index', async () => {
    const { run, attestation } = await fixture();
    proxy.fail({ type: 'Status', status: 404 }, { when: ({ path }) => path === '/query' });
    // Without an index to ask, the files alone say that it is there.
    const [first] = await driver({ url: proxy.url }).put(attestation, run, never);
    proxy.requests.length = 0;
    const [again] = await driver({ url: proxy.url }).put(attestation, run, never);
    proxy.heal();
    assert.deepEqual(again, first);
    assert.deepEqual(
      proxy.requests.map(({ method, path }) => `${method} ${path.slice(0, 9)}`),
      ['POST /query', 'GET /download'.slice(0, 13)],
    );
    assert.equal((await known(attestation)).length, 1);
  });

  it('shows the credentials of its Secret, as a token or as a whole header, and follows their rotation', async () => {
    const { run, attestation } = await fixture();
    const authorizations = async (secret: string): Promise<readonly (string | undefined)[]> => {
      proxy.requests.length = 0;
      await driver({ url: proxy.url, secret }).put(attestation, run, never);
      return [...new Set(proxy.requests.map(({ headers }) => headers['authorization']))];
    };
    assert.deepEqual(await authorizations('token'), [`Bearer ${TOKEN}`]);
    assert.deepEqual(await authorizations('header'), ['Basic planted']);
    await cloud.secret('rotated', { token: 'old' });
    assert.deepEqual(await authorizations('rotated'), ['Bearer old']);
    await cloud.secret('rotated', { token: 'new' });
    assert.deepEqual(await authorizations('rotated'), ['Bearer new']);
  });

  it('says when the evidence is gone, or is not what was stored', async () => {
    const { run, attestation } = await fixture();
    const [location] = await driver({ url: proxy.url }).put(attestation, run, never);
    assert.ok(location);
    const gone = { ...location, uri: location.uri.replace(/.{64}$/, 'a'.repeat(64)) };
    assert.match((await failureOf(driver({ url: proxy.url }).get(gone, never))).message, /does not have it/);
    const another = Buffer.from('{"payload":"","payloadType":"","signatures":[{"keyid":"","sig":""}]}');
    proxy.fail({ type: 'Rewrite', rewrite: (answer) => ({ ...answer, body: another }) });
    const error = await failureOf(driver({ url: proxy.url }).get(location, never)).finally(() => {
      proxy.heal();
    });
    assert.equal(error.reason, 'BackendRejected');
    assert.match(error.message, /not what was uploaded/);
  });

  it('says when the server cannot ask its database', async () => {
    const errors = Buffer.from('{"errors":[{"message":"planted text"}],"data":null}');
    proxy.fail(
      { type: 'Rewrite', rewrite: (answer) => ({ ...answer, body: errors }) },
      { when: ({ path }) => path === '/query' },
    );
    const { reason, message } = await driver({ url: proxy.url })
      .probe(never)
      .finally(() => {
        proxy.heal();
      });
    assert.equal(reason, 'BackendUnavailable');
    assert.match(message ?? '', /cannot ask its database/);
    assert.doesNotMatch(message ?? '', /planted/);
  });

  it('trusts the authority that it is given, and does not connect to where the operator does not allow', async () => {
    const secure = await FaultProxy.start({ target: server.url, tls: true });
    const metadata = { name: 'archivista-ca', namespace: cloud.namespace };
    await cloud.bed.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca.crt': secure.ca } });
    const { run, attestation } = await fixture();
    const stranger = await failureOf(driver({ url: secure.url, tls: {} }).put(attestation, run, never));
    assert.equal(stranger.reason, 'BackendUnavailable');
    assert.match(stranger.message, /tls\.caBundleRef/);
    const trusting = driver({ url: secure.url, tls: { caBundleRef: { name: 'archivista-ca' } } });
    assert.equal((await trusting.put(attestation, run, never)).length, 1);
    await secure.stop();
    const { reason } = await driver({ allow: [] }).probe(never);
    assert.equal(reason, 'EndpointForbidden');
  });
});
