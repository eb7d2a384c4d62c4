// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { field, listField } from '../../src/json/fields.ts';
import { signatureText } from '../../src/evidence/signature-text.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { grafeasNote } from '../../src/storage/grafeas/grafeas-note.ts';
import { grafeasOccurrences } from '../../src/storage/grafeas/grafeas-occurrence.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { Grafeas } from '../testbed/grafeas/grafeas.ts';
import { CloudBed } from './cloud-bed.ts';
import { failureOf } from './failure-of.ts';
import { describeFaults } from './faults.contract.ts';
import { httpInterruption } from './http-interruption.ts';
import { signedSigstoreStatement } from './signed-sigstore-statement.ts';
import { signedStatement } from './signed-evidence.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

const never = new AbortController().signal;
const project = 'acme-evidence';
const WRITER = 'planted-writer';
const READER = 'planted-reader';
type Version = 'v1' | 'v1beta1';

let cloud: CloudBed;
let own: Grafeas;
let analysis: Grafeas;
let proxy: FaultProxy;

before(async () => {
  cloud = await CloudBed.start('grafeas');
  const { supervisor } = cloud.bed;
  own = await Grafeas.start(supervisor, { apiVersion: 'v1beta1', project });
  analysis = await Grafeas.start(supervisor, { apiVersion: 'v1', project, writer: WRITER, reader: READER });
  proxy = await FaultProxy.start({ target: analysis.url });
  for (const [name, token] of Object.entries({ writer: WRITER, reader: READER, stranger: 'planted-stranger' })) {
    await cloud.secret(name, { access_token: token });
  }
});
after(async () => {
  await proxy.stop();
  await cloud.stop();
});

interface Setting {
  readonly endpoint?: string;
  readonly projectID?: string;
  readonly secret?: string;
  readonly noteID?: string;
  readonly noteHint?: string;
  readonly allow?: readonly string[];
  readonly putTimeoutMs?: number;
}

function driver(apiVersion: Version, setting: Setting = {}): StorageDriver {
  const { endpoint = server(apiVersion).url, secret = 'writer', allow, putTimeoutMs, ...more } = setting;
  const authentication =
    apiVersion === 'v1' ? { authentication: { type: 'Secret', secretRef: { name: secret } } as const } : {};
  const timeout = putTimeoutMs === undefined ? {} : { putTimeoutMs };
  return cloud.driver(
    {
      type: 'Grafeas',
      grafeas: { projectID: project, endpoint, apiVersion, tls: { insecure: true }, ...authentication, ...more },
    },
    { allow: allow ?? [new URL(endpoint).host], ...timeout },
  );
}

function server(apiVersion: Version): Grafeas {
  return apiVersion === 'v1' ? analysis : own;
}

async function rest(apiVersion: Version, path: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${READER}` };
  return (await fetch(`${server(apiVersion).url}/${apiVersion}/${path}`, { headers })).json();
}

/** The note of an artifact, read by the REST API. */
async function occurrences(
  apiVersion: Version,
  run: RunTarget,
  artifact: SignedArtifact,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const note = grafeasNote(artifact, run, { projectID: project }, apiVersion);
  const found: Readonly<Record<string, unknown>>[] = [];
  const payload = artifact.payload.toString('base64');
  for (const one of listField(await rest(apiVersion, `${note.name}/occurrences?pageSize=1000`), 'occurrences')) {
    if (field(field(one, 'envelope'), 'payload') !== payload) continue;
    assert.ok(typeof one === 'object' && one !== null);
    found.push(Object.fromEntries(Object.entries(one)));
  }
  return found;
}

/** Adds the occurrences of an artifact by the REST API, as the driver does after it has looked for them. */
async function add(apiVersion: Version, run: RunTarget, artifact: SignedArtifact): Promise<void> {
  const note = grafeasNote(artifact, run, { projectID: project }, apiVersion);
  const wanted = grafeasOccurrences(artifact, { run, projectID: project, note, version: apiVersion });
  const url = `${server(apiVersion).url}/${apiVersion}/projects/${project}/occurrences`;
  const headers = { authorization: `Bearer ${WRITER}`, 'content-type': 'application/json' };
  assert.notEqual(wanted.length, 0);
  for (const { body } of wanted) {
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  }
}

for (const apiVersion of ['v1beta1', 'v1'] as const) {
  describe(`Grafeas storage in ${apiVersion}`, () => {
    describeStorageDriver(`Grafeas storage in ${apiVersion}`, {
      driver: () => driver(apiVersion, apiVersion === 'v1' ? { endpoint: proxy.url } : {}),
      whileUnreachable: async (work) => {
        // The v1 server forgets everything when it goes: its connections are cut instead.
        if (apiVersion === 'v1') proxy.fail({ type: 'Reset' });
        else await own.down();
        try {
          await work();
        } finally {
          proxy.heal();
          await own.up();
        }
      },
      fixture: () => cloud.fixture(),
      contents: async (run, artifact) => JSON.stringify(await occurrences(apiVersion, run, artifact)),
      copies: async (run, artifact) => (await occurrences(apiVersion, run, artifact)).length,
      interrupted: (request, lost) =>
        httpInterruption(server(apiVersion).url, ({ url }) => driver(apiVersion, { endpoint: url }), { request, lost }),
      keepsCertificates: false,
      concurrentWriters: 'Both',
      oversized: async () => {
        const subjects = [{ name: 'reg.example/large', digest: { sha256: 'e'.repeat(64) } }];
        const artifact = await signedStatement(cloud.signer, subjects, 'x'.repeat(1_600_000));
        return { run: (await cloud.fixture()).run, artifact };
      },
      probe: {
        missing: {
          driver: () => driver(apiVersion, { projectID: 'nowhere' }),
          reason: 'BackendRejected',
          message: /the project does not exist there/,
        },
        ...(apiVersion === 'v1beta1'
          ? {}
          : {
              unauthorized: {
                driver: () => driver('v1', { secret: 'stranger' }),
                reason: 'BackendUnauthorized',
                message: /answers 401; grant containeranalysis/,
              },
              readOnly: {
                driver: () => driver('v1', { secret: 'reader' }),
                reason: 'BackendUnauthorized',
                message: /answers 403; grant containeranalysis/,
              },
              misconfigured: {
                driver: () => driver('v1', { secret: 'no-such-secret' }),
                reason: 'BackendUnauthorized',
                message: /no-such-secret/,
              },
            }),
      },
    });

    it('keeps one occurrence for each of many subjects, once', async () => {
      const { run } = await cloud.fixture();
      const subjects = ['a', 'b', 'c'].map((digit) => ({
        name: `reg.example/${digit}"quoted`,
        digest: { sha256: digit.repeat(64) },
      }));
      const statement = await signedStatement(cloud.signer, [...subjects, ...subjects.slice(0, 1)]);
      const first = await driver(apiVersion).put(statement, run, never);
      assert.deepEqual(await driver(apiVersion).put(statement, run, never), first);
      const found = await occurrences(apiVersion, run, statement);
      assert.deepEqual(
        found.map((one) => one['resourceUri'] ?? field(one['resource'], 'uri')).sort(),
        subjects.map(({ name, digest }) => `${name}@sha256:${digest.sha256}`),
      );
      assert.equal(first.length, 3);
    });

    it('finds its own in a note whose occurrences do not fit into one message', async () => {
      const { run } = await cloud.fixture();
      const subjects = [{ name: 'reg.example/large', digest: { sha256: 'd'.repeat(64) } }];
      // Ten of them are longer than a message, which is as many as a page has.
      const large = (index: number) => signedStatement(cloud.signer, subjects, `${index} ${'x'.repeat(250_000)}`);
      const first = await large(0);
      const places = await driver(apiVersion).put(first, run, never);
      for (let index = 1; index < 20; index += 1) await add(apiVersion, run, await large(index));
      assert.deepEqual(await driver(apiVersion).put(first, run, never), places);
    });

    it('says NoSubjects when there is nothing to hang the evidence on', async () => {
      const { run } = await cloud.fixture();
      const error = await failureOf(driver(apiVersion).put(await signedStatement(cloud.signer, []), run, never));
      assert.equal(error.reason, 'NoSubjects');
    });

    it('gives back the statement about an image as the envelope that it was', async () => {
      const { run, image } = await cloud.fixture();
      const [subject] = image.subjects;
      const artifact = await signedSigstoreStatement(
        cloud.signer,
        subject?.name ?? '',
        subject?.digest['sha256'] ?? '',
      );
      const [location] = await driver(apiVersion).put(artifact, run, never);
      assert.ok(location);
      assert.deepEqual((await driver(apiVersion).get(location, never)).signature, signatureText(artifact));
    });

    it('has notes of their own for each policy, and the prefix and hint that are set', async () => {
      const { run, image } = await cloud.fixture();
      const settings = { noteID: 'builds', noteHint: 'Built by us' };
      await driver(apiVersion, settings).put(image, run, never);
      const note = grafeasNote(image, run, { projectID: project, ...settings }, apiVersion);
      assert.match(note.id, /^builds-[0-9a-f]{10}-simplesigning$/);
      const stored = await rest(apiVersion, note.name);
      assert.equal(field(stored, 'shortDescription'), 'OCI Artifact Attestation Note');
      const member = apiVersion === 'v1' ? 'attestation' : 'attestationAuthority';
      assert.deepEqual(field(field(stored, member), 'hint'), { humanReadableName: 'Built by us' });
      const other = { ...run, policy: { ...run.policy, name: 'other' } };
      assert.notEqual(grafeasNote(image, other, { projectID: project }, apiVersion).id, note.id);
    });
  });
}

describe('Grafeas storage as Container Analysis', () => {
  describeFaults('Grafeas storage', {
    proxy: () => proxy,
    driver: (putTimeoutMs) =>
      driver('v1', { endpoint: proxy.url, ...(putTimeoutMs === undefined ? {} : { putTimeoutMs }) }),
    fixture: () => cloud.fixture(),
    contents: async (run, artifact) => JSON.stringify(await occurrences('v1', run, artifact)),
    secrets: [WRITER],
  });

  it("writes the reference's occurrence of an image signature", async () => {
    const { run, image } = await cloud.fixture();
    const [location] = await driver('v1').put(image, run, never);
    const [found, ...more] = await occurrences('v1', run, image);
    assert.deepEqual(more, []);
    const [subject] = image.subjects;
    const signature = image.signature.toString('base64');
    const payload = image.payload.toString('base64');
    assert.equal(location?.uri, `grafeas://${analysis.host}/v1/${String(found?.['name'])}`);
    assert.equal(found?.['kind'], 'ATTESTATION');
    assert.equal(found['resourceUri'], `${subject?.name ?? ''}@sha256:${subject?.digest['sha256'] ?? ''}`);
    assert.deepEqual(field(found['attestation'], 'signatures'), [{ signature, publicKeyId: image.keyID }]);
    assert.equal(field(found['attestation'], 'serializedPayload'), payload);
    assert.deepEqual(found['envelope'], {
      payload,
      payloadType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      signatures: [{ sig: signature, keyid: image.keyID }],
    });
  });

  it("writes the reference's occurrence of a run, its predicate read as SLSA v0.2", async () => {
    const { run, attestation } = await cloud.fixture();
    const [subject] = attestation.subjects;
    const predicate = {
      builder: { id: 'https://tekton.dev/chains/v2' },
      buildType: 'tekton.dev/v1/TaskRun',
      invocation: { configSource: { uri: 'git+https://example.com/x', digest: { sha1: 'a' } }, parameters: { a: [1] } },
      buildConfig: { steps: [] },
      metadata: { buildStartedOn: '2026-01-31T12:00:00Z', completeness: { parameters: true }, reproducible: false },
      materials: [{ uri: 'oci://alpine', digest: { sha256: 'b' } }],
    };
    const statement = { _type: 'https://in-toto.io/Statement/v0.1', predicateType: 'https://slsa.dev/provenance/v0.2' };
    const payload = Buffer.from(JSON.stringify({ ...statement, subject: [subject], predicate }));
    const artifact = { ...attestation, payload };
    await driver('v1').put(artifact, run, never);
    const [found] = await occurrences('v1', run, artifact);
    assert.equal(found?.['kind'], 'BUILD');
    const stated = field(found['build'], 'intotoStatement');
    assert.equal(field(stated, 'predicateType'), statement.predicateType);
    assert.deepEqual(field(stated, 'subject'), [subject]);
    const read = field(stated, 'slsaProvenanceZeroTwo');
    assert.deepEqual(field(read, 'builder'), predicate.builder);
    assert.deepEqual(field(field(read, 'invocation'), 'parameters'), predicate.invocation.parameters);
    assert.deepEqual(field(read, 'materials'), predicate.materials);
    assert.equal(field(field(read, 'metadata'), 'buildStartedOn'), '2026-01-31T12:00:00Z');
    const [signature] = listField(found['envelope'], 'signatures');
    assert.equal(field(signature, 'sig'), signatureText(artifact).toString('base64'));
  });

  it('recreates a note that another client deleted', async () => {
    const { run, attestation } = await cloud.fixture();
    const again = { ...run, uid: 'another' };
    const one = driver('v1');
    await one.put(attestation, run, never);
    const note = grafeasNote(attestation, run, { projectID: project }, 'v1');
    const headers = { authorization: `Bearer ${WRITER}` };
    await fetch(`${analysis.url}/v1/${note.name}`, { method: 'DELETE', headers });
    const statement = await signedStatement(cloud.signer, attestation.subjects, 'again');
    assert.equal((await failureOf(one.put(statement, again, never))).reason, 'BackendUnavailable');
    assert.equal((await one.put(statement, again, never)).length, 1);
  });

  it('does not connect to where the operator does not allow', async () => {
    assert.equal((await driver('v1', { allow: [] }).probe(never)).reason, 'EndpointForbidden');
  });
});
