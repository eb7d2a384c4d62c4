// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Reason } from '../../src/api/v1alpha1/reasons.ts';
import { trustedRootJson } from '../../src/trust/trust-bed.fixture.ts';
import { asManifest } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { conditionOf } from '../harness/record.ts';
import { KEY_SECRET, type Build, type Team, type TeamOptions } from '../harness/team.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { type CreateOptions, type FinishOptions, ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { copyImage } from '../testbed/registry/copy-image.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

/** Patience with a remedy: a mended Secret or trusted root takes effect within a minute. */
const HEALING_SECONDS = 150;
const LOG = 'https://rekor.example';
const PUSH_SECRET = 'registry-push';
const apiVersion = 'hallmark.dev/v1alpha1';

interface Case extends Pick<TeamOptions, 'withKey' | 'keyData' | 'policy'> {
  readonly reason: Reason;
  /** The remedy that docs/reasons.md gives, as a sentence. A unit test compares docs and this table. */
  readonly title: string;
  readonly backends?: readonly string[];
  /** Results of the run; an image that it pushed when absent. */
  readonly run?: (team: Team, runs: ManagedRuns) => Promise<Partial<CreateOptions> & FinishOptions>;
  /** Breaks what was whole when the run was recorded. */
  readonly breaks?: (team: Team, build: Build) => Promise<void>;
  /** The words that the message must hold. */
  readonly names: RegExp;
  /** Carries out the remedy. */
  readonly mends: (team: Team, build: Build) => Promise<void>;
  /** The record heals by itself when absent. `Rerun`: the remedy is a run that is made again. `Deleted`: the record was only to be read. */
  readonly ends?: 'Rerun' | 'Deleted';
}

let installation: Installation;

before(async () => {
  installation = await Installation.start({
    label: 'remedies',
    replicas: 1,
    registries: [{ referrers: false }, { referrers: false, auth: { username: 'baker', password: 'planted-remedy' } }],
    values: ['config.retry.maxSeconds=2', `config.transparency.logs=["${LOG}"]`],
  });
});
after(() => installation.stop());

const named = (...names: string[]): object => ({
  backendRefs: names.map((name) => ({ kind: 'StorageBackend', name })),
});
const patched = (spec: object) => (team: Team) => installation.patch(team.name, 'signingpolicy/builds', { spec });

async function apply(team: Team, name: string, spec: object): Promise<void> {
  await installation.apply({ apiVersion, kind: 'StorageBackend', metadata: { name, namespace: team.name }, spec });
}

async function recorded(team: Team, build: Build, reason: Reason): Promise<void> {
  await team.recordWithReason(build, reason);
}

async function deletePolicy(team: Team, build: Build): Promise<void> {
  await recorded(team, build, 'Suspended');
  const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', team.name]);
  specs.set(team.name, asManifest(policy['spec']));
  await installation.delete(team.name, 'signingpolicy/builds');
}

/** Specs of policies that a case deleted. */
const specs = new Map<string, object>();

const forbidden = { type: 'Rekor', rekor: { url: 'https://rekor.elsewhere' } };
const rooted = {
  transparency: { type: 'Rekor', rekor: { url: LOG, onFailure: 'StoreWithout' } },
  trustedRoot: { type: 'ConfigMap', configMap: { name: 'root' } },
};
const tooMuch = (): unknown => ({ name: 'log', type: 'string', value: randomBytes(900_000).toString('base64') });
const paramless = { params: [{ name: 'flour', value: 'rye' }] };

const cases: readonly Case[] = [
  {
    reason: 'BackendNotFound',
    title: 'BackendNotFound: correct a name in spec.backendRefs',
    policy: named('registy'),
    names: /StorageBackend registy: .*spec\.backendRefs of the policy/,
    mends: patched(named('registry')),
  },
  {
    reason: 'BackendNotFound',
    title: 'BackendNotFound: name another backend than one that was deleted',
    policy: { ...named('tekton'), suspend: true },
    breaks: async (team, build) => {
      await recorded(team, build, 'Suspended');
      await installation.delete(team.name, 'storagebackend/tekton');
      await patched({ suspend: false })(team);
    },
    names: /StorageBackend tekton: /,
    mends: patched(named('registry')),
  },
  {
    reason: 'BackendNotFound',
    title: 'BackendNotFound: create a StorageBackend',
    backends: [],
    policy: named(),
    names: /create a StorageBackend/,
    mends: (team) => apply(team, 'tekton', { type: 'Tekton' }),
  },
  {
    reason: 'NoSubjects',
    title: 'NoSubjects: add a backend of type Tekton',
    backends: ['registry'],
    policy: named(),
    run: () => Promise.resolve({ results: [] }),
    names: /StorageBackend registry/,
    mends: (team) => apply(team, 'tekton', { type: 'Tekton' }),
  },
  {
    reason: 'KeyNotFound',
    title: 'KeyNotFound: create the Secret that the message names',
    withKey: false,
    names: new RegExp(`/${KEY_SECRET}".*create it`),
    mends: (team) => team.createKeySecret(),
  },
  {
    reason: 'KeyInvalid',
    title: 'KeyInvalid: put a key under the entry that the message names',
    keyData: { 'x509.pem': 'no key' },
    names: /entry "x509\.pem"/,
    mends: (team) => team.createKeySecret(),
  },
  {
    reason: 'KeyExpired',
    title: 'KeyExpired: correct notAfter',
    policy: { signer: { type: 'Key', key: { secretRef: { name: KEY_SECRET }, notAfter: '2020-01-01T00:00:00Z' } } },
    names: /2020-01-01/,
    mends: patched({ signer: { key: { notAfter: null } } }),
  },
  {
    reason: 'Suspended',
    title: 'Suspended: set spec.suspend to false',
    policy: { suspend: true },
    names: /spec\.suspend/,
    mends: patched({ suspend: false }),
  },
  {
    reason: 'PolicyInvalid',
    title: 'PolicyInvalid: change what the message names',
    backends: ['registry'],
    policy: {
      ...named('registry'),
      attestation: { format: 'None' },
      imageSignatures: { formats: ['SigstoreStatement'] },
    },
    names: /StorageBackend .*registry .*add SimpleSigning/,
    mends: patched({ imageSignatures: { formats: ['SimpleSigning'] } }),
  },
  {
    reason: 'PolicyDeleted',
    title: 'PolicyDeleted: create the policy again under the same name',
    policy: { suspend: true },
    breaks: deletePolicy,
    names: /builds was deleted/,
    mends: async (team) => {
      const metadata = { name: 'builds', namespace: team.name };
      const spec = { ...specs.get(team.name), suspend: false };
      await installation.apply({ apiVersion, kind: 'SigningPolicy', metadata, spec });
    },
  },
  {
    reason: 'SubjectNotAllowed',
    title: 'SubjectNotAllowed: add the repository to spec.subjects.allowedRepositories',
    policy: { subjects: { allowedRepositories: ['registry.example/other'] } },
    names: /spec\.subjects\.allowedRepositories/,
    mends: patched({ subjects: { allowedRepositories: ['*'] } }),
  },
  {
    reason: 'SubjectIgnored',
    title: 'SubjectIgnored: set spec.subjects.onIgnored to Warn',
    policy: { subjects: { onIgnored: 'Refuse' } },
    run: async (team, runs) => {
      const image = await team.registry.pushImage(`${team.name}/app`, 'half');
      const half = { name: 'other_IMAGE_URL', type: 'string', value: 'registry.example/other' };
      return { results: [...runs.imageResults(image), half] };
    },
    names: /spec\.subjects\.onIgnored/,
    mends: patched({ subjects: { onIgnored: 'Warn' } }),
  },
  {
    reason: 'EndpointForbidden',
    title: 'EndpointForbidden: use another log, or none',
    policy: { transparency: forbidden, trustedRoot: { type: 'Inline', inline: trustedRootJson(LOG) } },
    names: /rekor\.elsewhere.*transparency\.logs/,
    mends: patched({ transparency: { type: 'None', rekor: null } }),
  },
  {
    reason: 'VerificationFailed',
    title: 'VerificationFailed: correct spec.trustedRoot of the policy',
    policy: rooted,
    names: /ConfigMap .*root.*create it/,
    mends: async (team) => {
      const data = { 'trusted_root.json': trustedRootJson(LOG) };
      await installation.apply({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'root', namespace: team.name },
        data,
      });
    },
  },
  {
    reason: 'BackendRejected',
    title: 'BackendRejected: push the image that does not exist',
    backends: ['registry'],
    policy: named('registry'),
    run: async (team, runs) => {
      const image = await team.registry.pushImage(`${team.name}/elsewhere`, 'lost');
      return { results: runs.imageResults(image) };
    },
    names: /team-.*\/app/,
    mends: (team) => copyImage(team.registry, { from: `${team.name}/elsewhere`, to: `${team.name}/app`, tag: 'lost' }),
  },
  {
    reason: 'PayloadTooLarge',
    title: 'PayloadTooLarge: emit smaller results',
    run: () => Promise.resolve({ results: [tooMuch()] }),
    names: /have the run state fewer and smaller results/,
    mends: () => Promise.resolve(),
    ends: 'Rerun',
  },
  {
    reason: 'RunDeleted',
    title: 'RunDeleted: delete the record when it was read',
    backends: ['registry'],
    policy: {
      ...named('registry'),
      attestation: { format: 'None' },
      imageSignatures: { formats: ['SigstoreStatement'] },
    },
    breaks: async (team, build) => {
      await recorded(team, build, 'PolicyInvalid');
      await installation.delete(team.name, `taskrun/${build.name}`);
    },
    names: /delete this record/,
    mends: async (team, build) => {
      await installation.delete(team.name, `provenancerecord/${team.recordName(build)}`);
    },
    ends: 'Deleted',
  },
];

// Each has a team of its own, and most of the time waits for what the operator has cached of a Secret, or for back-off.
describe('the remedies of docs/reasons.md', { concurrency: true }, () => {
  for (const [index, each] of cases.entries()) {
    it(each.title, async () => {
      const { backends = ['registry', 'tekton'], policy = {}, withKey, keyData } = each;
      const team = await installation.team({
        name: `team-${index}`,
        backends,
        policy: { ...managedRuns, ...policy },
        ...(withKey === undefined ? {} : { withKey }),
        ...(keyData === undefined ? {} : { keyData }),
      });
      const runs = new ManagedRuns(adminClient(installation.plane), team);
      const stated = (await each.run?.(team, runs)) ?? {};
      const build = await runs.build({ name: 'bake', ...stated });
      await each.breaks?.(team, build);
      const broken = await team.recordWithReason(build, each.reason);
      assert.match(conditionOf(broken)?.message ?? '', each.names);
      await each.mends(team, build);
      if (each.ends === 'Deleted') {
        await installation.wait(team.name, `provenancerecord/${broken.metadata.name}`, 'delete');
        assert.equal(await team.record(build), undefined);
        return;
      }
      const again = each.ends === 'Rerun' ? await runs.build({ name: 'bake-again' }) : build;
      const healed = await team.readyRecord(again, 'builds', HEALING_SECONDS);
      assert.equal(conditionOf(healed)?.reason, 'Stored');
      if (again === build) assert.equal(healed.metadata.uid, broken.metadata.uid, 'it was healed, not made anew');
    });
  }

  it('AuditOnly: set spec.mode to Enforce', async () => {
    const team = await installation.team({ name: 'team-audit', policy: { ...managedRuns, mode: 'Audit' } });
    const runs = new ManagedRuns(adminClient(installation.plane), team);
    await recorded(team, await runs.build({ name: 'rehearsal' }), 'AuditOnly');
    await patched({ mode: 'Enforce' })(team);
    await waitUntil('the policy says that it signs', async () => {
      const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', team.name]);
      return JSON.stringify(policy['status']).includes('ready to sign selected runs');
    });
    assert.equal(conditionOf(await team.readyRecord(await runs.build({ name: 'earnest' })))?.reason, 'Stored');
  });

  it("BackendUnauthorized: add a Secret for the registry to the run's ServiceAccount", async () => {
    const registry = installation.testbed.registry(1);
    const policy = { ...managedRuns, ...named('registry') };
    const team = await installation.team({ name: 'team-locked', registry, backends: ['registry'], policy });
    await installation.delete(team.name, `secret/${PUSH_SECRET}`);
    const runs = new ManagedRuns(adminClient(installation.plane), team);
    const build = await runs.build({ name: 'bake' });
    await recorded(team, build, 'BackendUnauthorized');
    await team.giveRegistryCredentials();
    assert.equal(conditionOf(await team.readyRecord(build, 'builds', HEALING_SECONDS))?.reason, 'Stored');
  });

  it('BackendNotReady: do what the message of the backend says', async () => {
    const policy = { ...managedRuns, ...named('vault') };
    const team = await installation.team({ name: 'team-astray', backends: [], policy });
    const vault = (repository: string): Promise<void> =>
      apply(team, 'vault', { type: 'OCI', oci: { encoding: 'CosignTags', repository } });
    await vault('127.0.0.1:1/evidence');
    const reason = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=BackendNotReady';
    await installation.wait(team.name, 'signingpolicy/builds', reason);
    const backend = await installation.json(['get', 'storagebackend', 'vault', '-n', team.name]);
    assert.match(JSON.stringify(backend['status']), /127\.0\.0\.1:1/);
    await vault(`${team.registry.host}/evidence`);
    await team.untilReady();
    const build = await new ManagedRuns(adminClient(installation.plane), team).build({ name: 'bake' });
    assert.equal(conditionOf(await team.readyRecord(build))?.reason, 'Stored');
  });

  it('TimestampAuthorityUnavailable: remove the authority from the policy', async () => {
    const { host } = installation.testbed.registry();
    const transparency = { timestampAuthorities: [{ url: `http://${host}/timestamp` }] };
    const trustedRoot = { type: 'Inline', inline: trustedRootJson(LOG) };
    const policy = { ...managedRuns, transparency, trustedRoot };
    const team = await installation.team({ name: 'team-untimely', policy });
    const build = await new ManagedRuns(adminClient(installation.plane), team).build({ name: 'bake' });
    await recorded(team, build, 'TimestampAuthorityUnavailable');
    await patched({ transparency: { timestampAuthorities: null } })(team);
    assert.equal(conditionOf(await team.readyRecord(build, 'builds', HEALING_SECONDS))?.reason, 'Stored');
  });

  it('StatementIncomplete: fix what the message names, and run it again', async () => {
    const team = await installation.team({ name: 'team-half', policy: { ...managedRuns } });
    const runs = new ManagedRuns(adminClient(installation.plane), team);
    const image = await team.registry.pushImage(`${team.name}/app`, 'half');
    const url = { name: 'CHAINS-GIT_URL', type: 'string', value: 'https://git.example/bread' };
    const commit = { name: 'CHAINS-GIT_COMMIT', type: 'string', value: 'a'.repeat(40) };
    const half = await runs.build({ name: 'half', results: [...runs.imageResults(image), url] });
    const incomplete = conditionOf(await team.readyRecord(half), 'Complete');
    assert.deepEqual([incomplete?.status, incomplete?.reason], ['False', 'StatementIncomplete']);
    assert.match(incomplete?.message ?? '', /CHAINS-GIT_COMMIT/);
    const whole = await runs.build({ name: 'whole', results: [...runs.imageResults(image), url, commit] });
    assert.equal(conditionOf(await team.readyRecord(whole), 'Complete')?.status, 'True');
  });

  it('PayloadInvalid: fix the task that produced the value named in the message', async () => {
    const team = await installation.team({ name: 'team-invalid', policy: { ...managedRuns } });
    const runs = new ManagedRuns(adminClient(installation.plane), team);
    const yearNought = { startTime: '0000-01-01T00:00:00Z' };
    await recorded(team, await runs.build({ name: 'odd', spec: paramless, status: yearNought }), 'PayloadInvalid');
    const healed = await team.readyRecord(await runs.build({ name: 'even', spec: paramless }));
    assert.equal(conditionOf(healed)?.reason, 'Stored');
  });
});
