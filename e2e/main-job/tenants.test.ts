// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at, releaseNamespace } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { leaks, secretsOf, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf, parseRecord, storageOf } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { KEY_SECRET, type Build, type Team } from '../harness/team.ts';
import { isVerified } from '../harness/verify-image.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { recordName } from '../../src/records/record-name.ts';

const PLATFORM_POLICY = { kind: 'ClusterSigningPolicy', namespace: '', name: 'releases' };
const commands = ['verify', 'verify-attestation'] as const;

let installation: Installation;
let red: Team;
let blue: Team;

before(async () => {
  installation = await Installation.start({
    label: 'tenants',
    replicas: 1,
    registries: [
      { referrers: false, auth: { username: 'red', password: 'planted-red-password-7' } },
      { referrers: true },
    ],
  });
  red = await installation.team({ name: 'red', registry: installation.testbed.registry(0) });
  blue = await installation.team({ name: 'blue', registry: installation.testbed.registry(1) });
  await Promise.all([red.untilReady(), blue.untilReady()]);
});
after(() => installation.stop());

/** Returns true when cosign finds a signature by this team's key on this image. */
async function signedBy(team: Team, image: Build['image']): Promise<boolean> {
  const answers = commands.map((command) =>
    isVerified(installation.testbed, { command, publicKey: team.key.publicKey, image: image.reference }),
  );
  const [signature, attestation] = await Promise.all(answers);
  assert.equal(signature, attestation, 'signature and attestation are both there or both not');
  return signature === true;
}

describe('two teams with two keys and two registries', () => {
  it('push to the one with Basic authentication as the ServiceAccount of the run, and with nothing else', async () => {
    // Before any other run of the namespace: what a ServiceAccount lists is remembered for 30 seconds.
    await installation.patch('red', 'serviceaccount/builder', { secrets: null });
    const build = await red.build({ name: 'without-credentials' });
    const denied = await red.recordThat(
      build,
      'is denied by the registry, and is stored in its annotations',
      (seen) => storageOf(seen, 'registry')?.reason !== undefined && storageOf(seen, 'tekton')?.state === 'Stored',
    );
    assert.equal(conditionOf(denied)?.reason, 'BackendUnauthorized');
    assert.equal(storageOf(denied, 'registry')?.state, 'Pending');
    assert.equal(await red.layers(build.image, 'sig'), 0);

    await red.giveRegistryCredentials();
    const healed = await red.readyRecord(build);
    assert.equal(healed.metadata.uid, denied.metadata.uid);
    assert.equal(await signedBy(red, build.image), true);
  });

  it('get their own records, each signed by its own key, in its own registry', async () => {
    const [redBuild, blueBuild] = await Promise.all([
      red.build({ name: 'build-1' }),
      blue.build({ name: 'build-1', kind: 'PipelineRun' }),
    ]);
    await Promise.all([red.readyRecord(redBuild), blue.readyRecord(blueBuild)]);
    assert.equal(await signedBy(red, redBuild.image), true);
    assert.equal(await signedBy(blue, redBuild.image), false);
    assert.equal(await signedBy(blue, blueBuild.image), true);
    assert.equal(await signedBy(red, blueBuild.image), false);
    for (const [team, other] of [
      [red, blue],
      [blue, red],
    ] as const) {
      const records = await team.records();
      assert.ok(records.length > 0);
      const text = JSON.stringify(records);
      assert.ok(text.includes(team.registry.host) && !text.includes(other.registry.host));
    }
  });

  it('leave alone a run that nothing selects', async () => {
    const ignored = await red.build({ name: 'ignored', isRelease: false });
    const selected = await red.build({ name: 'selected' });
    await red.readyRecord(selected);
    assert.equal(await red.record(ignored), undefined);
    assert.equal(await red.layers(ignored.image, 'sig'), 0);
    const run = await installation.kubectl(['get', 'taskrun', 'ignored', '-n', 'red', '-o', 'json']);
    assert.doesNotMatch(run.stdout, /chains\.tekton\.dev/);
  });
});

describe('a policy that names a Secret which only another namespace has', () => {
  it('finds no key: the other namespace is never read', async () => {
    await installation.apply({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'SigningPolicy',
      metadata: { name: 'borrowed', namespace: 'blue' },
      spec: {
        selector: { matchLabels: { kind: 'borrowed' } },
        signer: { type: 'Key', key: { secretRef: { name: 'red-only' } } },
      },
    });
    const metadata = { name: 'red-only', namespace: 'red' };
    const stringData = { 'x509.pem': newSigningKey().privateKey };
    await installation.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData });
    await installation.wait(
      'blue',
      'signingpolicy/borrowed',
      'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=KeyNotFound',
    );
    const build = await blue.build({ name: 'borrowing', isRelease: false, labels: { kind: 'borrowed' } });
    const record = await blue.recordWithReason(build, 'KeyNotFound', 'borrowed');
    assert.match(conditionOf(record)?.message ?? '', /Secret "blue\/red-only" does not exist/);
    assert.deepEqual(
      record.evidence?.artifacts?.map(({ signature }) => signature),
      [undefined, undefined],
    );
    assert.equal(await blue.layers(build.image, 'sig'), 0);
  });
});

describe('two policies of one namespace', () => {
  it('each select runs by label, and a run that both select gets a record and a signature of each', async () => {
    const second = newSigningKey();
    const metadata = { name: 'second-key', namespace: 'blue' };
    await installation.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'x509.pem': second.privateKey } },
      {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'SigningPolicy',
        metadata: { name: 'nightly', namespace: 'blue' },
        spec: {
          selector: { matchExpressions: [{ key: 'when', operator: 'In', values: ['night', 'dusk'] }] },
          signer: { type: 'Key', key: { secretRef: { name: 'second-key' } } },
          // A registry keeps what both sign; the run's annotations have room for one policy.
          backendRefs: [{ kind: 'StorageBackend', name: 'registry' }],
        },
      },
    );
    await blue.untilReady('nightly');
    const nightly = await blue.build({ name: 'nightly', isRelease: false, labels: { when: 'dusk' } });
    const both = await blue.build({ name: 'both', labels: { when: 'night' } });
    await Promise.all([
      blue.readyRecord(nightly, 'nightly'),
      blue.readyRecord(both, 'nightly'),
      blue.readyRecord(both, 'builds'),
    ]);
    assert.equal(await blue.record(nightly, 'builds'), undefined);
    const { testbed } = installation;
    const { publicKey } = second;
    for (const command of commands) {
      assert.equal(await isVerified(testbed, { command, publicKey, image: nightly.image.reference }), true);
      assert.equal(await isVerified(testbed, { command, publicKey, image: both.image.reference }), true);
    }
    assert.equal(await signedBy(blue, both.image), true);
    assert.equal(await signedBy(blue, nightly.image), false);
  });

  it('never overwrite each other: the second to reach the annotations of a run gets KeyConflict', async () => {
    const sharing = { kind: 'StorageBackend', name: 'tekton' };
    const nightly = 'signingpolicy/nightly';
    await installation.patch('blue', nightly, { spec: { backendRefs: [sharing] } });
    await blue.untilReady('nightly');
    const build = await blue.build({ name: 'contested', labels: { when: 'night' } });
    const settled = ['Stored', 'KeyConflict'];
    const [one, other] = await Promise.all(
      ['builds', 'nightly'].map((policy) =>
        waitUntil('the record is settled', async () => {
          const record = await blue.record(build, policy);
          return settled.includes(record?.status?.reason ?? '') && record;
        }),
      ),
    );
    assert.deepEqual([one?.status?.reason, other?.status?.reason].toSorted(), settled.toSorted());
    const owner = one?.status?.reason === 'Stored' ? one : other;
    const run = await installation.json(['get', 'taskrun', 'contested', '-n', 'blue']);
    const envelope = at(run, 'metadata', 'annotations', `chains.tekton.dev/signature-taskrun-${build.uid}`);
    const { signature } = owner?.evidence?.artifacts?.find(({ type }) => type === 'Attestation') ?? {};
    assert.equal(at(JSON.parse(Buffer.from(String(envelope), 'base64').toString()), 'signatures', 0, 'sig'), signature);
  });
});

describe("the platform team's policy", () => {
  const platformKey = newSigningKey();

  /** Waits for the platform's record of a run, and reads it. */
  const platformRecord = async (team: Team, build: Build) => {
    const name = `provenancerecord/${recordName(build, PLATFORM_POLICY)}`;
    await installation.wait(team.name, name, 'condition=Ready');
    return parseRecord(await installation.json(['get', name, '-n', team.name]));
  };
  const hasPlatformRecord = async (team: Team, build: Build): Promise<boolean> => {
    const names = (await team.records()).map(({ metadata }) => metadata.name);
    return names.includes(recordName(build, PLATFORM_POLICY));
  };

  before(async () => {
    const { host } = installation.testbed.registry(1);
    const metadata = { name: 'platform-signing-key', namespace: releaseNamespace };
    await installation.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'x509.pem': platformKey.privateKey } },
      {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'ClusterStorageBackend',
        metadata: { name: 'platform-registry' },
        spec: {
          type: 'OCI',
          artifacts: ['Attestation'],
          oci: {
            encoding: 'CosignTags',
            repository: `${host}/platform/evidence`,
            authentication: { type: 'Anonymous' },
          },
        },
      },
      {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'ClusterSigningPolicy',
        metadata: { name: 'releases' },
        spec: {
          namespaceSelector: { matchLabels: { 'example.com/stage': 'production' } },
          runs: { kinds: ['PipelineRun'] },
          subjects: { allowedRepositories: [`${host}/*`] },
          signer: { type: 'Key', key: { secretRef: { name: 'platform-signing-key' } } },
          backendRefs: [{ kind: 'ClusterStorageBackend', name: 'platform-registry' }],
        },
      },
    );
    await installation.wait('default', 'clustersigningpolicy/releases', 'condition=Ready');
  });

  it('leaves namespaces without its label alone, and takes one up when it is labelled, without a restart', async () => {
    const before = await blue.build({ name: 'unlabelled', kind: 'PipelineRun', isRelease: false });
    await installation.kubectl(['label', 'namespace', 'blue', 'example.com/stage=production']);
    const build = await blue.build({ name: 'labelled', kind: 'PipelineRun', isRelease: false });
    const record = await platformRecord(blue, build);
    assert.equal(record.spec.policyRef.kind, 'ClusterSigningPolicy');
    assert.match(storageOf(record, 'platform-registry')?.locations?.[0]?.uri ?? '', /platform\/evidence/);
    // It finished after the policy was made: the label alone kept it out, and now does not.
    await platformRecord(blue, before);
    const { restartCount } = installation.operatorPods()[0]?.containers[0] ?? {};
    assert.equal(restartCount, 0);
  });

  it("signs with the platform's key in addition to the team's own policy, and stores in the platform's backend", async () => {
    const build = await blue.build({ name: 'release', kind: 'PipelineRun' });
    const [own] = await Promise.all([blue.readyRecord(build), platformRecord(blue, build)]);
    assert.equal(storageOf(own, 'platform-registry'), undefined, 'a team does not reach the platform');
    assert.equal(await signedBy(blue, build.image), true);
    const evidence = `${installation.testbed.registry(1).host}/platform/evidence`;
    const tag = `${build.image.digest.replace(':', '-')}.att`;
    const { status } = await installation.testbed.registry(1).client().send(`/v2/platform/evidence/manifests/${tag}`);
    assert.equal(status, 200, evidence);
  });

  it('vouches for no image outside the repositories it allows', async () => {
    await installation.kubectl(['label', 'namespace', 'red', 'example.com/stage=production']);
    const build = await red.build({ name: 'outside', kind: 'PipelineRun', isRelease: false });
    const name = `provenancerecord/${recordName(build, PLATFORM_POLICY)}`;
    await installation.wait('red', name, 'jsonpath={.status.reason}=SubjectNotAllowed');
    const record = parseRecord(await installation.json(['get', name, '-n', 'red']));
    assert.ok(record.evidence?.artifacts?.every(({ signature }) => signature === undefined));
    assert.match(conditionOf(record)?.message ?? '', new RegExp(red.registry.host.replaceAll('.', '\\.')));
  });

  it('lets a namespace go when it loses the label', async () => {
    await installation.kubectl(['label', 'namespace', 'blue', 'example.com/stage-']);
    let count = 0;
    await waitUntil('a run is left alone', async () => {
      count += 1;
      const build = await blue.build({ name: `unreleased-${count}`, kind: 'PipelineRun' });
      await blue.readyRecord(build);
      return !(await hasPlatformRecord(blue, build));
    });
  });
});

describe('when all is done', () => {
  it('no key, password or token shows in logs, Events, metrics or objects', async () => {
    const texts = await shownTexts(installation);
    assert.ok(/"message":"record ready"/.test(texts['logs'] ?? ''));
    assert.deepEqual(leaks(texts, [...secretsOf(red), ...secretsOf(blue)]), []);
    const { stdout } = await installation.kubectl(['get', 'secret', KEY_SECRET, '-n', 'red', '-o', 'json']);
    assert.notDeepEqual(leaks({ secret: stdout }, secretsOf(red)), [], 'the search finds what is there');
  });
});
