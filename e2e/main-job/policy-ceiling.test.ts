// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { asManifest, at, listAt, type Manifest, releaseNamespace } from '../chart/helm.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { parseRecord, storageOf } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { KEY_SECRET, type Build, type Team } from '../harness/team.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { recordName } from '../../src/records/record-name.ts';

const apiVersion = 'hallmark.dev/v1alpha1';
const NAMESPACES = 200;
const tenant = { 'example.com/tenant': 'true' };
const labels = { sign: 'true' };
const keySigner = { type: 'Key', key: { secretRef: { name: KEY_SECRET } } };
const trustedRoot = { type: 'ConfigMap', configMap: { name: 'root' } };
const kms = (uri: string, address = 'https://vault.example.com'): object => ({
  type: 'KMS',
  kms: { uri, secretRef: { name: KEY_SECRET }, vault: { address } },
});

const ceiling = (host: string): object => ({
  namespaceSelector: { matchLabels: tenant },
  signers: {
    types: ['Key', 'KMS'],
    kmsURIs: ['hashivault://{namespace}-*'],
    kmsHosts: ['vault.example.com'],
    fulcioURLs: ['https://fulcio.example'],
  },
  attestation: {
    formats: ['slsa/v2alpha4', 'slsa/v1'],
    buildTypes: ['https://tekton.dev/chains/v2/slsa'],
    builderIDs: ['https://builds.example.com/{namespace}'],
  },
  subjects: { allowedRepositories: [`${host}/{namespace}/*`] },
  transparency: { logs: ['https://rekor.example.com'], timestampAuthorities: ['https://tsa.example.com'] },
  backends: { types: ['Tekton', 'OCI'], hosts: [host], clusterBackends: ['archive'] },
  children: { notes: ['Memory'] },
  deletionGuard: { maxTimeoutSeconds: 600 },
  record: { default: { retention: 'Seconds', seconds: 80_000 }, maxSeconds: 90_000 },
  counts: { policies: 1, backends: 1 },
});

interface Overstep {
  readonly field: string;
  /** Fields of the policy's spec that are beyond the ceiling. */
  readonly policy?: object;
  /** A backend's spec that is, instead of one that is not. */
  readonly backend?: object;
  /** Two policies or backends, of which the later one counts. */
  readonly second?: 'SigningPolicy' | 'StorageBackend';
  /** Bounds of a ceiling for this team alone, named like it: they would stop the other teams too. */
  readonly alone?: object;
  readonly names: RegExp;
}

/** One team for each field of the ceiling. */
const oversteps: readonly Overstep[] = [
  {
    field: 'signers.types',
    policy: {
      signer: { type: 'Keyless', keyless: { fulcioURL: 'https://fulcio.example', serviceAccountName: 'default' } },
      transparency: { type: 'Rekor', rekor: { url: 'https://rekor.example.com' } },
      trustedRoot,
    },
    names: /spec\.signer\.type is Keyless, and allowed are Key, KMS/,
  },
  {
    field: 'signers.kmsURIs',
    policy: { signer: kms('hashivault://platform') },
    names: /spec\.signer\.kms\.uri is hashivault:\/\/platform, and allowed are hashivault:\/\/over-1-\*/,
  },
  {
    field: 'signers.kmsHosts',
    policy: { signer: kms('hashivault://over-2-builds', 'https://vault.evil.example') },
    names: /the host of spec\.signer\.kms is vault\.evil\.example, and allowed are vault\.example\.com/,
  },
  {
    field: 'attestation.formats',
    policy: { attestation: { format: 'in-toto' } },
    names: /spec\.attestation\.format is in-toto, and allowed are slsa\/v2alpha4, slsa\/v1/,
  },
  {
    field: 'attestation.buildTypes',
    policy: { attestation: { buildType: 'https://tekton.dev/chains/v2/slsa-tekton' } },
    names: /spec\.attestation\.buildType is .*slsa-tekton, and allowed are/,
  },
  {
    field: 'attestation.builderIDs',
    policy: { attestation: { builderID: 'https://builds.example.com/platform' } },
    names: /spec\.attestation\.builderID is .*\/platform, and allowed are https:\/\/builds\.example\.com\/over-5/,
  },
  {
    field: 'subjects.allowedRepositories',
    policy: { subjects: { allowedRepositories: ['*'] } },
    names: /spec\.subjects\.allowedRepositories is \*, and allowed are .*\/over-6\/\*/,
  },
  {
    field: 'transparency.logs',
    policy: { transparency: { type: 'Rekor', rekor: { url: 'https://rekor.sigstore.dev' } }, trustedRoot },
    names: /spec\.transparency\.rekor\.url is https:\/\/rekor\.sigstore\.dev, and allowed are/,
  },
  {
    field: 'transparency.timestampAuthorities',
    policy: { transparency: { timestampAuthorities: [{ url: 'https://tsa.evil.example' }] }, trustedRoot },
    names: /spec\.transparency\.timestampAuthorities is https:\/\/tsa\.evil\.example, and allowed are/,
  },
  {
    field: 'backends.clusterBackends',
    policy: { backendRefs: [{ kind: 'ClusterStorageBackend', name: 'shared' }] },
    names: /ClusterStorageBackend in spec\.backendRefs is shared, and allowed are archive/,
  },
  {
    field: 'children.notes',
    policy: { children: { notes: 'Recorded' } },
    names: /spec\.children\.notes is Recorded, and allowed are Memory/,
  },
  { field: 'counts.policies', second: 'SigningPolicy', names: /number 2 of the namespace's SigningPolicies by age/ },
  {
    field: 'backends.types',
    backend: {
      type: 'GCS',
      gcs: { bucket: 'evidence', authentication: { type: 'Secret', secretRef: { name: 'gcs' } } },
    },
    names: /spec\.type is GCS, and allowed are Tekton, OCI/,
  },
  {
    field: 'backends.hosts',
    backend: { type: 'OCI', oci: { encoding: 'CosignTags', repository: 'evil.example/team/evidence' } },
    names: /its host is evil\.example, and allowed are/,
  },
  { field: 'counts.backends', second: 'StorageBackend', names: /number 2 of the namespace's StorageBackends by age/ },
  {
    field: 'auditOnly',
    policy: { mode: 'Enforce' },
    alone: { auditOnly: true },
    names: /spec\.mode is Enforce, and allowed are Audit/,
  },
  {
    field: 'signers.fulcioURLs',
    policy: {
      signer: { type: 'Keyless', keyless: { fulcioURL: 'https://fulcio.evil.example', serviceAccountName: 'default' } },
      transparency: { type: 'Rekor', rekor: { url: 'https://rekor.example.com' } },
      trustedRoot,
    },
    names:
      /spec\.signer\.keyless\.fulcioURL is https:\/\/fulcio\.evil\.example, and allowed are https:\/\/fulcio\.example$/,
  },
  {
    field: 'deletionGuard.types',
    policy: { deletionGuard: { type: 'Hold' } },
    alone: { deletionGuard: { types: ['Release'] } },
    names: /spec\.deletionGuard\.type is Hold, and allowed are Release/,
  },
  {
    field: 'deletionGuard.maxTimeoutSeconds',
    policy: { deletionGuard: { type: 'Hold', timeoutSeconds: 601 } },
    names: /spec\.deletionGuard\.timeoutSeconds is 601, and allowed are at most 600/,
  },
  {
    field: 'transparency.required',
    policy: {},
    alone: { transparency: { required: ['Log', 'TimestampAuthority'] } },
    names: /rekor is not set, and a log is required.*timestampAuthorities is not set, and one is required/,
  },
];

function ceilingOf({ alone }: Overstep, index: number): object {
  const team = `over-${index}`;
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': team } };
  return { apiVersion, kind: 'PolicyCeiling', metadata: { name: team }, spec: { namespaceSelector, ...alone } };
}

let installation: Installation;
let client: ReturnType<typeof adminClient>;
let honest: Team;
let honestRuns: ManagedRuns;
const runs = new Map<string, Build>();
let policyCeiling: object;

before(async () => {
  installation = await Installation.start({
    label: 'policy-ceiling',
    replicas: 1,
    tekton: 'Kinds',
    values: ['config.retry.maxSeconds=2'],
  });
  client = adminClient(installation.plane);
  policyCeiling = ceiling(installation.testbed.registry(0).host);
  const names = Array.from({ length: NAMESPACES }, (_, index) => `over-${index}`);
  await inParallel(names, (name) => installation.create(namespace(name)));
  honest = await installation.team({
    name: 'honest',
    registry: installation.testbed.registry(0),
    backends: ['tekton'],
    policy: managedRuns,
  });
  honestRuns = new ManagedRuns(client, honest);
  await honest.untilReady();
});
after(() => installation.stop());

function readyOf(found: Manifest, field: 'status' | 'message'): string {
  const ready = listAt(found, 'status', 'conditions').find((condition) => at(condition, 'type') === 'Ready');
  return String(at(ready, field));
}

function namespace(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: tenant } };
}

async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<unknown>,
): Promise<void> {
  await Promise.all(items.map(work));
}

function policySpec({ policy = {} }: Overstep): object {
  return { ...managedRuns, selector: { matchLabels: labels }, signer: keySigner, ...policy };
}

function object(kind: string, name: string, team: string, spec: object): object {
  return { apiVersion, kind, metadata: { name, namespace: team }, spec };
}

/** The kind and name of the object that oversteps. */
function overstepping({ backend, second }: Overstep): string {
  if (second !== undefined) return `${second.toLowerCase()}/second`;
  return backend === undefined ? 'signingpolicy/first' : 'storagebackend/first';
}

/** Makes the team of an overstep, and waits until the operator has looked at its policy or backend. */
async function makeTeam(overstep: Overstep, index: number): Promise<void> {
  const team = `over-${index}`;
  const stringData = { 'x509.pem': newSigningKey().privateKey };
  await installation.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: KEY_SECRET, namespace: team },
    stringData,
  });
  await installation.apply(object('StorageBackend', 'first', team, overstep.backend ?? { type: 'Tekton' }));
  // Where a second policy counts, the first one selects no run: both would write to the annotations of one.
  const selector = overstep.second === 'SigningPolicy' ? { selector: { matchLabels: { sign: 'other' } } } : {};
  await installation.apply(object('SigningPolicy', 'first', team, { ...policySpec(overstep), ...selector }));
  if (overstep.second === undefined) return;
  // The names decide between objects of the same second.
  const spec = overstep.second === 'StorageBackend' ? { type: 'Tekton' } : policySpec({ ...overstep });
  await installation.apply(object(overstep.second, 'second', team, spec));
}

async function build(index: number): Promise<Build> {
  const team = `over-${index}`;
  const registry = installation.testbed.registry(0);
  const managed = new ManagedRuns(client, { name: team, releaseLabel: labels, registry });
  return managed.build({ name: 'build' });
}

async function recordOf(index: number, policy: string, condition: string) {
  const run = runs.get(`over-${index}`);
  assert.ok(run !== undefined);
  const team = `over-${index}`;
  const name = recordName(run, { kind: 'SigningPolicy', namespace: team, name: policy });
  await installation.wait(team, `provenancerecord/${name}`, condition);
  return parseRecord(await installation.json(['get', 'provenancerecord', name, '-n', team]));
}

/** The policy whose record shows the overstep. */
const policyOf = ({ second }: Overstep): string => (second === 'SigningPolicy' ? 'second' : 'first');

const signatures = (record: Awaited<ReturnType<typeof recordOf>>): number =>
  (record.evidence?.artifacts ?? []).filter(({ signature }) => signature !== undefined).length;

describe('a ceiling over two hundred namespaces', () => {
  it('bounds the policies and backends that were there before it, in each field', async () => {
    await inParallel(oversteps, makeTeam);
    await installation.apply({ apiVersion, kind: 'PolicyCeiling', metadata: { name: 'teams' }, spec: policyCeiling });
    await inParallel(oversteps, async (overstep, index) => {
      const team = `over-${index}`;
      if (overstep.alone !== undefined) await installation.apply(ceilingOf(overstep, index));
      const target = overstepping(overstep);
      await installation.wait(team, target, 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=CeilingExceeded');
      const found = await installation.json(['get', target, '-n', team]);
      const message = readyOf(found, 'message');
      assert.match(message, overstep.names, overstep.field);
      const name = overstep.alone === undefined ? 'teams' : team;
      assert.ok(message.includes(`PolicyCeiling ${name}: `), overstep.field);
    });
  });

  it('reports itself in force, with what it bounds', async () => {
    await waitUntil('the ceiling counts', async () => {
      const found = await installation.json(['get', 'policyceiling', 'teams']);
      const observed = at(found, 'status', 'observed');
      return (
        at(observed, 'exceedingPolicies') === 14 &&
        at(observed, 'exceedingBackends') === 3 &&
        at(observed, 'namespaces') === NAMESPACES
      );
    });
    const found = await installation.json(['get', 'policyceiling', 'teams']);
    assert.equal(readyOf(found, 'status'), 'True');
  });

  it('takes nothing from a team that keeps within it: its runs are signed, with the defaults of the ceiling', async () => {
    await installation.patch('', 'namespace/honest', { metadata: { labels: tenant } });
    await waitUntil('the policy has the defaults of the ceiling', async () => {
      const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', 'honest']);
      return at(policy, 'status', 'effective', 'record', 'seconds') === 80_000;
    });
    const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', 'honest']);
    const effective = at(policy, 'status', 'effective');
    assert.equal(at(effective, 'attestation', 'builderID'), 'https://builds.example.com/honest');
    const { host } = honest.registry;
    assert.deepEqual(at(effective, 'subjects', 'allowedRepositories'), [`${host}/honest/*`]);
    const record = await honest.readyRecord(await honestRuns.build({ name: 'within' }));
    assert.equal(record.spec.retention?.seconds, 80_000);
    assert.ok(signatures(record) > 0);
  });

  it('has the runs of each team that oversteps recorded unsigned, with the reason, or kept from the backend', async () => {
    const meanwhile = honestRuns.build({ name: 'meanwhile' });
    await inParallel(oversteps, async (overstep, index) => {
      runs.set(`over-${index}`, await build(index));
      const record = await recordOf(index, policyOf(overstep), 'jsonpath={.status.reason}=CeilingExceeded');
      assert.match(record.status?.message ?? '', overstep.names, overstep.field);
      const isOfPolicy = overstepping(overstep).startsWith('signingpolicy');
      if (isOfPolicy) assert.equal(signatures(record), 0, overstep.field);
      else
        assert.equal(
          storageOf(record, overstep.second === undefined ? 'first' : 'second')?.state,
          'Pending',
          overstep.field,
        );
    });
    await honest.readyRecord(await meanwhile);
  });
});

describe('a team that exceeded the ceiling', () => {
  it('signs the runs of a policy once the ceiling is gone', async () => {
    const freed = oversteps.flatMap(({ alone }, index) => (alone === undefined ? [] : [index]));
    await inParallel(freed, async (index) => {
      await installation.kubectl(['delete', 'policyceiling', `over-${index}`]);
      const record = await recordOf(index, 'first', 'condition=Ready');
      assert.ok(signatures(record) > 0, oversteps[index]?.field);
    });
  });

  it('signs the runs of a policy once it keeps within the ceiling', async () => {
    const mended = oversteps.flatMap(({ policy, alone }, index) =>
      policy === undefined || alone !== undefined ? [] : [index],
    );
    await inParallel(mended, async (index) => {
      const team = `over-${index}`;
      const spec = { signer: { ...keySigner, kms: null, keyless: null }, attestation: null, subjects: null };
      const rest = { transparency: null, trustedRoot: null, backendRefs: null, deletionGuard: null, children: null };
      await installation.patch(team, 'signingpolicy/first', { spec: { ...spec, ...rest } });
      const record = await recordOf(index, 'first', 'condition=Ready');
      assert.ok(signatures(record) > 0, oversteps[index]?.field);
    });
  });

  it('has room for another policy once an older one is gone', async () => {
    const index = oversteps.findIndex(({ second }) => second === 'SigningPolicy');
    await installation.kubectl(['delete', 'signingpolicy', 'first', '-n', `over-${index}`]);
    assert.ok(signatures(await recordOf(index, 'second', 'condition=Ready')) > 0);
  });

  it('stores what waited for a backend once that is within the ceiling', async () => {
    const index = oversteps.findIndex(({ field }) => field === 'backends.types');
    await installation.patch(`over-${index}`, 'storagebackend/first', { spec: { type: 'Tekton', gcs: null } });
    const record = await recordOf(index, 'first', 'condition=Ready');
    assert.equal(storageOf(record, 'first')?.state, 'Stored');
  });
});

describe('a ceiling that is lowered afterwards', () => {
  it('stops the signatures of a team that was within it, and says so on its runs', async () => {
    await installation.patch('', 'policyceiling/teams', { spec: { signers: { types: ['KMS'] } } });
    const stopped = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=CeilingExceeded';
    await installation.wait('honest', 'signingpolicy/builds', stopped);
    const record = await honest.recordWithReason(await honestRuns.build({ name: 'lowered' }), 'CeilingExceeded');
    assert.match(
      record.status?.message ?? '',
      /exceeds its ceiling: PolicyCeiling teams: spec\.signer\.type is Key, and allowed are KMS/,
    );
    assert.equal(signatures(record), 0);
  });

  it('signs them once the ceiling allows what the policy says', async () => {
    await installation.patch('', 'policyceiling/teams', { spec: { signers: { types: ['Key', 'KMS'] } } });
    const [lowered] = (await honest.records()).filter(({ spec }) => spec.runRef.name === 'lowered');
    assert.ok(lowered !== undefined);
    await installation.wait('honest', `provenancerecord/${lowered.metadata.name}`, 'condition=Ready');
  });

  it('cuts the retention of records, and stops nothing', async () => {
    await installation.patch('', 'policyceiling/teams', { spec: { record: { maxSeconds: 70_000 } } });
    await waitUntil('the policy shows the limit', async () => {
      const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', 'honest']);
      return at(policy, 'status', 'effective', 'record', 'seconds') === 70_000 && readyOf(policy, 'status') === 'True';
    });
  });
});

describe('a team with as many records as its ceiling allows', () => {
  const index = 100;
  const team = `over-${index}`;
  const full = { field: 'counts.records', alone: { counts: { records: 1 } }, names: /unused/ };
  const recordsOf = async (): Promise<readonly Manifest[]> =>
    listAt(await installation.json(['get', 'provenancerecords', '-n', team]), 'items').map(asManifest);
  const runOf = (record: Manifest | undefined): unknown => at(record, 'spec', 'runRef', 'name');

  it('has further runs wait, and says so on the policy, on the run and as a metric', async () => {
    await installation.apply(ceilingOf(full, index));
    await makeTeam(full, index);
    await installation.wait(team, 'signingpolicy/first', 'condition=Ready');
    const managed = new ManagedRuns(client, {
      name: team,
      releaseLabel: labels,
      registry: installation.testbed.registry(0),
    });
    await managed.build({ name: 'first' });
    await waitUntil('the first run is recorded', async () => (await recordsOf()).length === 1);
    await managed.build({ name: 'second' });
    await installation.wait(
      team,
      'signingpolicy/first',
      'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=CeilingExceeded',
    );
    const message = readyOf(await installation.json(['get', 'signingpolicy', 'first', '-n', team]), 'message');
    assert.match(message, /PolicyCeiling over-100: .* have 1 ProvenanceRecords, and allowed are 1: finished runs wait/);
    const named = await waitUntil('the run has its Event', async () => {
      const events = listAt(await installation.json(['get', 'events', '-n', team]), 'items');
      const waiting = events.filter(
        (event) => at(event, 'reason') === 'CeilingExceeded' && at(event, 'involvedObject', 'kind') === 'TaskRun',
      );
      const names = waiting.map((event) => at(event, 'involvedObject', 'name'));
      return names.length > 0 ? names : undefined;
    });
    assert.deepEqual(named, ['second']);
    assert.deepEqual((await recordsOf()).map(runOf), ['first']);
    assert.match((await installation.metrics()).join(), /^hallmark_runs_waiting 1$/m);
  });

  it('signs a run that waited once a record is deleted', async () => {
    await installation.kubectl(['delete', 'taskrun', 'first', '-n', team]);
    const [first] = await recordsOf();
    await installation.kubectl(['delete', 'provenancerecord', String(at(first, 'metadata', 'name')), '-n', team]);
    await waitUntil('the second run is recorded', async () => runOf((await recordsOf())[0]) === 'second');
    const [second] = await recordsOf();
    await installation.wait(team, `provenancerecord/${String(at(second, 'metadata', 'name'))}`, 'condition=Ready');
  });

  it('is ready again once no run waits', async () => {
    await installation.kubectl(['delete', 'policyceiling', `over-${index}`]);
    await installation.wait(team, 'signingpolicy/first', 'condition=Ready');
  });
});

describe('a team whose records take as many bytes as its ceiling allows', () => {
  const index = 101;
  const team = `over-${index}`;
  const full = { field: 'counts.evidenceBytes', names: /unused/ };
  let managed: ManagedRuns;
  const boundTo = (evidenceBytes: number): Promise<void> =>
    installation.apply(ceilingOf({ ...full, alone: { counts: { evidenceBytes } } }, index));
  const nameOf = (run: Pick<Build, 'uid' | 'name'>): string =>
    recordName(run, { kind: 'SigningPolicy', namespace: team, name: 'first' });
  const find = (run: Build): Promise<Manifest | undefined> =>
    installation.find(team, `provenancerecord/${nameOf(run)}`);
  const untilReady = (run: Build): Promise<void> =>
    installation.wait(team, `provenancerecord/${nameOf(run)}`, 'condition=Ready');
  /** Deletes a record for good: with its run, of which it would be made again. */
  async function retire(run: Build): Promise<void> {
    await installation.kubectl(['delete', 'taskrun', run.name, '-n', team]);
    await installation.kubectl(['delete', 'provenancerecord', nameOf(run), '-n', team]);
  }
  let first: Build;
  let second: Build;

  before(async () => {
    await makeTeam(full, index);
    await installation.wait(team, 'signingpolicy/first', 'condition=Ready');
    const registry = installation.testbed.registry(0);
    managed = new ManagedRuns(client, { name: team, releaseLabel: labels, registry });
    first = await managed.build({ name: 'first' });
    await untilReady(first);
    // No room but for the first one.
    const { spec, evidence, status } = asManifest(await find(first));
    await boundTo(JSON.stringify({ spec, evidence, status }).length);
    await installation.wait('', `policyceiling/${team}`, 'condition=Ready');
    second = await managed.build({ name: 'second' });
  });

  async function untilWaiting(): Promise<void> {
    await installation.wait(
      team,
      'signingpolicy/first',
      'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=CeilingExceeded',
    );
    const isCounted = async (): Promise<boolean> =>
      /^hallmark_runs_waiting 1$/m.test((await installation.metrics()).join('\n'));
    await waitUntil('one run waits', isCounted, { timeoutSeconds: PATIENCE_SECONDS });
  }

  it('has further runs wait, also after a restart of the operator', async () => {
    await untilWaiting();
    const message = readyOf(await installation.json(['get', 'signingpolicy', 'first', '-n', team]), 'message');
    assert.match(
      message,
      /PolicyCeiling over-101: .* have \d+ bytes of evidence, and allowed are \d+: finished runs wait/,
    );
    const pods = installation.operatorPods().map(({ name }) => name);
    await installation.kubectl(['delete', 'pods', '--all', '-n', releaseNamespace, '--wait=true']);
    const isAnew = (): boolean => {
      const names = installation.operatorPods().map(({ name }) => name);
      return names.length > 0 && names.every((name) => !pods.includes(name));
    };
    await waitUntil('another pod is there', isAnew, { timeoutSeconds: PATIENCE_SECONDS });
    await installation.rolledOut();
    await untilWaiting();
    assert.equal(await find(second), undefined);
  });

  it('signs a run that waited once there is room', async () => {
    await retire(first);
    await untilReady(second);
    await installation.wait(team, 'signingpolicy/first', 'condition=Ready');
  });

  it('says so on a record that alone is too large, and signs its run once the ceiling allows more and the record is deleted', async () => {
    await retire(second);
    const registry = installation.testbed.registry(0);
    const image = await registry.pushImage(`${team}/app`, 'large');
    const noise = { name: 'log', type: 'string', value: randomBytes(10_000).toString('base64') };
    const large = await managed.build({ name: 'large', results: [...managed.imageResults(image), noise] });
    const record = `provenancerecord/${nameOf(large)}`;
    await installation.wait(team, record, 'jsonpath={.status.reason}=PayloadTooLarge');
    const found = await installation.json(['get', 'provenancerecord', nameOf(large), '-n', team]);
    assert.match(
      String(at(found, 'status', 'message')),
      /PolicyCeiling over-101 allows .* raise counts\.evidenceBytes/,
    );
    await boundTo(10_000_000);
    await installation.kubectl(['delete', 'provenancerecord', nameOf(large), '-n', team]);
    await untilReady(large);
    assert.notEqual(at(await find(large), 'metadata', 'uid'), at(found, 'metadata', 'uid'));
  });
});
