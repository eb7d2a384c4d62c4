// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { payloadDigest } from '../../src/evidence/payload-digest.ts';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { hallmarkCommand } from '../harness/hallmark-command.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, parseRecord, signaturesOf, storageOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { teamManifests } from '../harness/team-manifests.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { signaturesInRegistry } from '../resilience/stored-signatures.ts';
import { FakeGcs } from '../testbed/gcs/fake-gcs.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

const apiVersion = 'hallmark.dev/v1alpha1';
/** Random text makes payloads that take far more room than the names of their places. */
const NOTES_BYTES = 4096;
const patience = { timeoutSeconds: PATIENCE_SECONDS } as const;

/** The three teams: one with every kind of store, one with a bucket alone, and one that keeps its evidence. */
const plans = {
  wide: { backends: ['registry', 'tekton', 'bucket'], record: { evidence: 'UntilStored' } },
  narrow: { backends: ['bucket'], record: { evidence: 'UntilStored' } },
  heavy: { backends: ['registry', 'tekton', 'bucket'], record: {} },
} as const;
type Name = keyof typeof plans;

const ref = (name: string) => ({ kind: 'StorageBackend', name });

describe('evidence until it is stored', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  let gcs: FakeGcs;
  const teams = new Map<Name, Team>();
  const builds = new Map<Name, Build[]>();

  before(async () => {
    installation = await Installation.start({
      label: 'until-stored',
      replicas: 0,
      tekton: 'Kinds',
      values: [
        'config.outbound.allow=["127.0.0.0/8"]',
        'config.retry.maxSeconds=2',
        'config.verification.intervalSeconds=2',
      ],
    });
    gcs = await FakeGcs.start(installation.testbed.supervisor);
    operator = await OperatorProcess.start(installation, { configuration: { leaderElection: { enabled: false } } });
    for (const name of ['wide', 'narrow', 'heavy'] as const) teams.set(name, await newTeam(name));
    await operator.untilWorking();
    for (const team of teams.values()) await team.untilReady();
  });
  after(async () => {
    await operator.stop();
    await installation.stop();
  });

  async function newTeam(name: Name): Promise<Team> {
    const { backends, record } = plans[name];
    const team = await installation.team({
      name,
      backends: backends.filter((backend) => backend !== 'bucket'),
      policy: { ...managedRuns, record, backendRefs: backends.map(ref) },
    });
    const metadata = { name: 'google', namespace: name };
    await installation.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { access_token: 'planted' } });
    await makeBucket(name, 'bucket');
    return team;
  }

  async function makeBucket(team: Name, backend: string): Promise<void> {
    await gcs.makeBucket(`${team}-${backend}`);
    const authentication = { type: 'Secret', secretRef: { name: 'google' } };
    const place = { bucket: `${team}-${backend}`, apiEndpoint: gcs.url, tls: { insecure: true } };
    await installation.apply({
      apiVersion,
      kind: 'StorageBackend',
      metadata: { name: backend, namespace: team },
      spec: { type: 'GCS', gcs: { ...place, authentication } },
    });
  }

  function teamOf(name: Name): Team {
    const team = teams.get(name);
    assert.ok(team !== undefined);
    return team;
  }

  async function build(name: Name, run: string): Promise<Build> {
    const params = [{ name: 'NOTES', value: randomBytes(NOTES_BYTES).toString('hex') }];
    const runs = new ManagedRuns(adminClient(installation.plane), teamOf(name));
    const made = await runs.build({ name: run, spec: { params } });
    builds.set(name, [...(builds.get(name) ?? []), made]);
    return made;
  }

  function recordWhen(
    name: Name,
    made: Build,
    what: string,
    isSo: (record: ProvenanceRecord) => boolean,
  ): Promise<ProvenanceRecord> {
    return waitUntil(
      `the record of ${made.name} ${what}`,
      async () => {
        const record = await teamOf(name).record(made);
        return record !== undefined && isSo(record) ? record : undefined;
      },
      patience,
    );
  }

  /** The types of artifacts whose payloads the record holds. */
  const payloadsOf = ({ evidence }: ProvenanceRecord): readonly string[] =>
    (evidence?.artifacts ?? []).flatMap(({ type, payload }) => (payload === undefined ? [] : type));

  const isSettled = (record: ProvenanceRecord): boolean =>
    conditionOf(record)?.status === 'True' &&
    conditionOf(record, 'Verified')?.status === 'True' &&
    conditionOf(record)?.observedGeneration === record.metadata.generation;

  function lightRecord(name: Name, made: Build): Promise<ProvenanceRecord> {
    return recordWhen(
      name,
      made,
      'is light',
      (record) => isSettled(record) && !payloadsOf(record).includes('Attestation'),
    );
  }

  function hallmark(name: Name, ...args: readonly string[]) {
    return hallmarkCommand(installation, ...args, '-n', name);
  }

  /** The object of an artifact's payload in a bucket. */
  function payloadObject(record: ProvenanceRecord, backend = 'bucket', artifact = 'attestation'): string {
    const location = storageOf(record, backend)?.locations?.find((of) => of.artifact === artifact);
    return objectURL(`${location?.uri ?? ''}.payload`);
  }

  function objectURL(uri: string): string {
    const [, bucket = '', name = ''] = /^gs:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
    return `${gcs.url}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
  }

  async function read(url: string): Promise<Buffer> {
    const answer = await fetch(`${url}?alt=media`);
    assert.equal(answer.status, 200, url);
    return Buffer.from(await answer.arrayBuffer());
  }

  async function overwrite(url: string, content: Buffer): Promise<void> {
    const [, bucket = '', name = ''] = /\/b\/([^/]+)\/o\/(.+)$/.exec(url) ?? [];
    const upload = `${gcs.url}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${name}`;
    assert.ok((await fetch(upload, { method: 'POST', body: new Uint8Array(content) })).ok);
  }

  /** When each object of a bucket was written: the generation changes with each write. */
  async function generations(bucket: string): Promise<readonly string[]> {
    const list: unknown = await (await fetch(`${gcs.url}/storage/v1/b/${bucket}/o`)).json();
    const items = at(list, 'items');
    return (Array.isArray(items) ? items.map(asManifest) : [])
      .map((item) => `${String(item['name'])} ${String(item['generation'])}`)
      .toSorted();
  }

  async function assertSignedOnce(name: Name, made: Build): Promise<void> {
    const record = await teamOf(name).record(made);
    assert.ok(record !== undefined);
    const { attestation, image } = await signaturesInRegistry(teamOf(name), made);
    assert.deepEqual([...attestation, ...image].toSorted(), Object.values(signaturesOf(record)).toSorted());
  }

  it('drops the payloads once all backends hold them, and keeps those of the team that did not ask', async () => {
    const light: ProvenanceRecord[] = [];
    for (const name of ['wide', 'narrow'] as const) {
      for (const run of ['one', 'two']) light.push(await lightRecord(name, await build(name, run)));
    }
    const kept = await teamOf('heavy').readyRecord(await build('heavy', 'one'));
    assert.equal(payloadsOf(kept).length, 2);
    for (const record of light) {
      assert.equal(record.spec.evidence, 'UntilStored');
      const [attestation] = record.evidence?.artifacts ?? [];
      assert.ok(attestation?.signature !== undefined);
      const places = attestation.payloadLocations?.map((place) => place.name) ?? [];
      assert.deepEqual(places.toSorted(), record.metadata.namespace === 'wide' ? ['bucket', 'registry'] : ['bucket']);
      for (const { payload, payloadLocations } of record.evidence?.artifacts ?? [])
        assert.equal(payload === undefined, payloadLocations !== undefined);
      assert.ok(record.status?.storage?.every(({ verification }) => verification?.state === 'Verified'));
    }
    const size = (record: ProvenanceRecord | undefined): number => JSON.stringify(record?.evidence).length;
    assert.ok(size(light[0]) < size(kept) / 3, `${size(light[0])} is not much less than ${size(kept)} bytes`);
  });

  it('is verified by the command, which fetches the payloads from a backend', async () => {
    for (const name of ['wide', 'narrow'] as const) {
      const [record] = await teamOf(name).records();
      assert.ok(record !== undefined);
      const { code, out, err } = await hallmark(name, 'verify', 'record', record.metadata.name);
      assert.equal(code, 0, out + err);
      assert.equal(out.match(/: verified$/gm)?.length, 2, out);
      const statement = await hallmark(name, 'get', `record/${record.metadata.name}`, '-o', 'statement');
      const digest = payloadDigest(Buffer.from(statement.out.replace(/\n$/, '')));
      assert.equal(digest, record.evidence?.artifacts?.[0]?.payloadDigest, statement.err);
    }
  });

  it('survives the death of the operator at any moment: nothing is stored or signed again', async () => {
    const made = await build('wide', 'killed');
    await recordWhen('wide', made, 'exists', () => true);
    await operator.kill();
    operator.restart();
    await operator.untilWorking();
    await lightRecord('wide', made);
    await assertSignedOnce('wide', made);
    const before = await generations('wide-bucket');
    const versions = async (): Promise<unknown> =>
      (await teamOf('wide').records()).map(({ metadata }) => [metadata.name, metadata.generation]);
    const written = await versions();
    await operator.kill();
    operator.restart();
    await operator.untilWorking();
    const next = await build('wide', 'after');
    await lightRecord('wide', next);
    const isOld = (object: string): boolean => !object.includes(next.uid) && !object.includes('wide-after');
    assert.deepEqual((await generations('wide-bucket')).filter(isOld), before);
    const later = await versions();
    assert.ok(Array.isArray(written) && Array.isArray(later));
    const fresh = teamOf('wide').recordName(next);
    assert.deepEqual(
      later.filter((one) => at(one, 0) !== fresh),
      written,
    );
  });

  it('reports what a backend lost, and puts it back on request with the payload of another one', async () => {
    const made = builds.get('wide')?.[0];
    assert.ok(made !== undefined);
    const before = await lightRecord('wide', made);
    const url = payloadObject(before);
    const content = await read(url);
    assert.equal((await fetch(url, { method: 'DELETE' })).ok, true);
    const lost = await recordWhen(
      'wide',
      made,
      'misses it',
      (record) => conditionOf(record, 'Verified')?.status === 'False',
    );
    assert.match(conditionOf(lost, 'Verified')?.message ?? '', /hallmark backfill/);
    const { code, out } = await hallmark('wide', 'backfill', 'bucket', '--timeout', '100');
    assert.equal(code, 0, out);
    const healed = await lightRecord('wide', made);
    assert.deepEqual(await read(url), content);
    assert.deepEqual(signaturesOf(healed), signaturesOf(before));
  });

  it('fills a new backend with what the others hold', async () => {
    const before = await teamOf('wide').records();
    await installation.patch('wide', 'signingpolicy/builds', {
      spec: { backendRefs: [...plans.wide.backends, 'late'].map(ref) },
    });
    await makeBucket('wide', 'late');
    await teamOf('wide').untilReady();
    const { code, out } = await hallmark('wide', 'backfill', 'late', '--timeout', '100');
    assert.equal(code, 0, out);
    for (const old of before) {
      const record = (await teamOf('wide').records()).find(({ metadata }) => metadata.uid === old.metadata.uid);
      assert.ok(record !== undefined);
      assert.deepEqual(
        [storageOf(record, 'late')?.state, storageOf(record, 'late')?.verification?.state],
        ['Stored', 'Verified'],
      );
      const [attestation] = record.evidence?.artifacts ?? [];
      assert.equal(payloadDigest(await read(payloadObject(record, 'late'))), attestation?.payloadDigest);
      assert.deepEqual(signaturesOf(record), signaturesOf(old));
      assert.ok(!payloadsOf(record).includes('Attestation'));
    }
  });

  it('takes no other payload in place of the one that was signed, and heals once that is back', async () => {
    const made = builds.get('narrow')?.[0];
    assert.ok(made !== undefined);
    const before = await lightRecord('narrow', made);
    const url = payloadObject(before);
    const content = await read(url);
    await overwrite(url, Buffer.from(content.toString().replace('narrow', 'evil')));
    await recordWhen('narrow', made, 'differs', (record) => conditionOf(record, 'Verified')?.status === 'False');
    const verified = await hallmark('narrow', 'verify', 'record', before.metadata.name);
    assert.equal(verified.code, 1, verified.out + verified.err);
    assert.match(verified.out, /does not have the digest that the record states/);
    await makeBucket('narrow', 'late');
    await installation.patch('narrow', 'signingpolicy/builds', { spec: { backendRefs: ['bucket', 'late'].map(ref) } });
    await teamOf('narrow').untilReady();
    const asked = hallmark('narrow', 'backfill', 'late', '--timeout', '100');
    const refused = await recordWhen(
      'narrow',
      made,
      'cannot be stored elsewhere',
      (record) => storageOf(record, 'late')?.reason === 'BackendRejected',
    );
    assert.match(
      storageOf(refused, 'late')?.message ?? '',
      /dropped the payload of attestation .* holds something other than what was signed; restore it there, nothing is signed again/,
    );
    assert.deepEqual(signaturesOf(refused), signaturesOf(before));
    await overwrite(url, content);
    assert.equal((await asked).code, 0);
    const healed = await lightRecord('narrow', made);
    assert.equal(storageOf(healed, 'late')?.state, 'Stored');
    assert.deepEqual(await read(payloadObject(healed, 'late')), content);
    assert.deepEqual(signaturesOf(healed), signaturesOf(before));
  });

  it('is restored from a backup whose status does not count: the places are sealed with the evidence', async () => {
    const made = builds.get('wide')?.[1];
    assert.ok(made !== undefined);
    const before = await lightRecord('wide', made);
    await operator.stop();
    const { name } = before.metadata;
    const backup = await installation.json(['get', `provenancerecord/${name}`, '-n', 'wide']);
    await installation.delete('wide', `provenancerecord/${name}`);
    const binding = ['validatingadmissionpolicybinding', 'hallmark-system-hallmark-records'];
    const kept = exported(await installation.json(['get', ...binding]));
    await installation.kubectl(['delete', ...binding]);
    await waitUntil(
      'the record can be made',
      () =>
        installation.create(exported(backup)).then(
          () => true,
          () => false,
        ),
      patience,
    );
    await installation.apply(kept);
    operator.restart();
    await operator.untilWorking();
    const after = await lightRecord('wide', made);
    assert.notEqual(after.metadata.uid, before.metadata.uid);
    assert.deepEqual(after.evidence, before.evidence);
    await assertSignedOnce('wide', made);
  });

  it('is refused for a policy that no backend can give the payloads back to for good', async () => {
    const [policy] = teamManifests('wide', 'light');
    assert.ok(policy !== undefined);
    const name = 'passing';
    const change = {
      metadata: { name, namespace: 'wide' },
      spec: { ...asManifest(policy['spec']), backendRefs: [ref('tekton')] },
    };
    await installation.apply({ ...policy, ...change });
    await installation.wait('wide', `signingpolicy/${name}`, 'condition=Ready=False');
    const refused = await installation.json(['get', `signingpolicy/${name}`, '-n', 'wide']);
    assert.match(
      JSON.stringify(refused['status']),
      /"PolicyInvalid".*no backend of this policy can give back Attestation/,
    );
    // The sample itself is accepted: its registry lasts.
    await installation.apply({ ...policy, metadata: change.metadata });
    await teamOf('wide').untilReady(name);
  });

  it('leaves the records of the team that keeps its evidence as they were', async () => {
    for (const { metadata } of await teamOf('heavy').records()) {
      const record = parseRecord(await installation.json(['get', `provenancerecord/${metadata.name}`, '-n', 'heavy']));
      assert.equal(payloadsOf(record).length, 2);
      assert.equal(record.metadata.generation, 1);
    }
  });
});

/** An object as an export keeps it: without everything that the API server gave it. */
function exported(object: Manifest): Manifest {
  const { name, namespace, labels, annotations } = asManifest(at(object, 'metadata'));
  const metadata = Object.entries({ name, namespace, labels, annotations }).filter(([, value]) => value !== undefined);
  return { ...object, metadata: Object.fromEntries(metadata), status: undefined };
}
