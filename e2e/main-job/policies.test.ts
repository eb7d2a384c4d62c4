// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { optionsFromFlags } from '../../src/cli/preview/preview-options.ts';
import { previewRuns } from '../../src/cli/preview/preview-runs.ts';
import { asManifest, at } from '../chart/helm.ts';
import { endAgain } from '../harness/end-again.ts';
import { Installation } from '../harness/installation.ts';
import { leaks, secretsOf, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf, signaturesOf, storageOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { isVerified } from '../harness/verify-image.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns, untilSecondIsOver } from '../resilience/managed-runs.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

const CHILDREN_DEADLINE_SECONDS = 25;
const lateOnes = { key: 'noticed', operator: 'In', values: ['late'] };

let installation: Installation;
const teams: Team[] = [];

before(async () => {
  const values = [`config.children.deadlineSeconds=${CHILDREN_DEADLINE_SECONDS}`];
  installation = await Installation.start({ label: 'policies', replicas: 1, values });
});
after(() => installation.stop());

async function team(name: string, policy: object, withKey = true): Promise<Team> {
  const made = await installation.team({ name, policy, withKey });
  teams.push(made);
  return made;
}

function patchPolicy(name: string, spec: object): Promise<void> {
  return installation.patch(name, 'signingpolicy/builds', { spec });
}

/** The statement that a record holds. */
function statementOf(record: ProvenanceRecord): unknown {
  const attestation = record.evidence?.artifacts?.find(({ type }) => type === 'Attestation');
  return JSON.parse(gunzipSync(Buffer.from(attestation?.payload ?? '', 'base64')).toString('utf8'));
}

function isUnsigned(record: ProvenanceRecord): boolean {
  const signatures = Object.values(signaturesOf(record));
  return signatures.length > 0 && signatures.every((signature) => signature === undefined);
}

async function isSigned(by: Team, { image }: Build): Promise<boolean> {
  const verification = { publicKey: by.key.publicKey, image: image.reference };
  const signature = await isVerified(installation.testbed, { command: 'verify', ...verification });
  return signature && isVerified(installation.testbed, { command: 'verify-attestation', ...verification });
}

// Each in a namespace of its own.
describe('a policy', { concurrency: 3 }, () => {
  // The longest first: each waits for a minute or so.
  describe('record retention', () => {
    it('by Seconds retires a record when its time is over, and never makes it again', async () => {
      const brief = await team('brief', { record: { retention: 'Seconds', seconds: 30 } });
      const build = await brief.build({ name: 'passing' });
      const record = await brief.readyRecord(build);
      await installation.wait('brief', `provenancerecord/${record.metadata.name}`, 'delete');
      assert.equal(await isSigned(brief, build), true, 'the evidence stays where it is stored');
      // A later run is through: had the first one been taken up again, it would have its record by now.
      await brief.readyRecord(await brief.build({ name: 'later' }));
      assert.equal(await brief.record(build), undefined);
      const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', 'brief']);
      assert.equal(at(policy, 'status', 'retiredBefore'), record.spec.completionTime);
      // Nor does a longer retention have it made again.
      await patchPolicy('brief', { record: { retention: 'Keep', seconds: null } });
      await brief.readyRecord(await brief.build({ name: 'latest' }));
      assert.equal(await brief.record(build), undefined);
    });

    it('by Seconds retires a record whose policy is deleted by then', async () => {
      const leaving = await team('leaving', { record: { retention: 'Seconds', seconds: 30 } });
      const record = await leaving.readyRecord(await leaving.build({ name: 'left-behind' }));
      await installation.delete('leaving', 'signingpolicy/builds');
      await installation.wait('leaving', `provenancerecord/${record.metadata.name}`, 'delete');
    });

    it('WithRun retires a record when its run is deleted, and not before; Keep keeps it', async () => {
      const [tidy, hoarder] = await Promise.all([
        team('tidy', { record: { retention: 'WithRun' } }),
        team('hoarder', { record: { retention: 'Keep' } }),
      ]);
      const [gone, kept, hoarded] = await Promise.all([
        tidy.build({ name: 'gone' }),
        tidy.build({ name: 'kept' }),
        hoarder.build({ name: 'hoarded' }),
      ]);
      const record = await tidy.readyRecord(gone);
      await Promise.all([tidy.readyRecord(kept), hoarder.readyRecord(hoarded)]);
      await installation.delete('hoarder', 'taskrun/hoarded');
      await installation.delete('tidy', 'taskrun/gone');
      await installation.wait('tidy', `provenancerecord/${record.metadata.name}`, 'delete');
      assert.equal(conditionOf(await tidy.readyRecord(kept))?.status, 'True');
      assert.equal(conditionOf(await hoarder.readyRecord(hoarded))?.reason, 'Stored');
    });
  });

  describe('a PipelineRun', { concurrency: 1 }, () => {
    let pipeliners: Team;

    before(async () => {
      pipeliners = await team('pipeliners', { runs: { kinds: ['PipelineRun'] } });
    });

    it('is stated with what its TaskRuns used', async () => {
      const build = await pipeliners.build({ name: 'whole', kind: 'PipelineRun' });
      const record = await pipeliners.readyRecord(build);
      const child = await installation.json(['get', 'taskrun', 'whole-bake', '-n', 'pipeliners']);
      const [, digest = 'none'] = String(at(child, 'status', 'steps', 0, 'imageID')).split('@');
      const text = JSON.stringify(at(statementOf(record), 'predicate', 'buildDefinition', 'resolvedDependencies'));
      assert.ok(text.includes(digest.slice('sha256:'.length)), text);
      assert.equal((await pipeliners.records()).length, 1, 'runs.kinds leaves its TaskRun alone');
    });

    it('whose TaskRun is gone waits for it until the deadline, and is then signed with a warning that names it', async () => {
      const unnoticed = { kind: 'PipelineRun', isRelease: false, labels: { noticed: 'late' } } as const;
      const build = await pipeliners.build({ name: 'halved', ...unnoticed });
      await installation.delete('pipeliners', 'taskrun/halved-bake');
      await endAgain(installation, 'pipeliners', 'halved');
      await patchPolicy('pipeliners', { selector: { matchLabels: null, matchExpressions: [lateOnes] } });
      const waiting = await pipeliners.recordWithReason(build, 'ChildMissing');
      assert.match(conditionOf(waiting)?.message ?? '', /halved-bake/);
      assert.equal(conditionOf(waiting, 'Reconciling')?.status, 'True');

      const signed = await pipeliners.readyRecord(build);
      assert.equal(signed.metadata.uid, waiting.metadata.uid);
      const attestation = signed.evidence?.artifacts?.find(({ type }) => type === 'Attestation');
      assert.match(attestation?.warnings?.join() ?? '', /halved-bake is gone/);
    });
  });

  describe('a policy that is deleted', () => {
    it('leaves what is signed as it is, and what is not as PolicyDeleted; made again, it takes its records up', async () => {
      const fickle = await team('fickle', managedRuns);
      await fickle.untilReady();
      const signed = await fickle.build({ name: 'signed' });
      await fickle.readyRecord(signed);
      await patchPolicy('fickle', { suspend: true });
      const unsigned = await fickle.build({ name: 'unsigned' });
      const waiting = await fickle.recordWithReason(unsigned, 'Suspended');

      const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', 'fickle']);
      await installation.delete('fickle', 'signingpolicy/builds');
      const orphan = await fickle.recordWithReason(unsigned, 'PolicyDeleted');
      assert.equal(orphan.metadata.uid, waiting.metadata.uid);
      assert.equal(conditionOf(await fickle.readyRecord(signed))?.reason, 'Stored');
      // Not by Tekton, which may write the end of a run once more, later, where its cache is behind its own first write.
      const unseen = await new ManagedRuns(adminClient(installation.plane), fickle).build({ name: 'unseen' });
      await untilSecondIsOver(asManifest(await installation.json(['get', 'taskrun', 'unseen', '-n', 'fickle'])));

      const { apiVersion, kind, spec } = policy;
      const metadata = { name: 'builds', namespace: 'fickle' };
      await installation.apply({ apiVersion, kind, metadata, spec: { ...asManifest(spec), suspend: false } });
      const adopted = await fickle.readyRecord(unsigned);
      assert.equal(adopted.metadata.uid, waiting.metadata.uid);
      assert.equal(storageOf(adopted, 'tekton')?.state, 'Stored');
      assert.equal(await isSigned(fickle, unsigned), true);
      assert.equal(await fickle.record(unseen), undefined, 'it finished before this policy was made');
      assert.equal((await fickle.records()).length, 2);
    });
  });

  describe('mode: Audit', () => {
    it('records what would be signed, and signs and stores nothing, without a key', async () => {
      const careful = await team('careful', { mode: 'Audit' }, false);
      await careful.untilReady();
      const build = await careful.build({ name: 'rehearsal' });
      const record = await careful.readyRecord(build);
      assert.equal(conditionOf(record)?.reason, 'AuditOnly');
      assert.ok(isUnsigned(record));
      const sha256 = build.image.digest.slice('sha256:'.length);
      assert.deepEqual(at(statementOf(record), 'subject', 0, 'digest'), { sha256 });
      assert.deepEqual([await careful.layers(build.image, 'sig'), await careful.layers(build.image, 'att')], [0, 0]);
      const run = await installation.kubectl(['get', 'taskrun', 'rehearsal', '-n', 'careful', '-o', 'json']);
      assert.doesNotMatch(run.stdout, /chains\.tekton\.dev/);

      // From rehearsal to earnest: later runs are signed, what was audited stays audited.
      await careful.createKeySecret();
      await patchPolicy('careful', { mode: 'Enforce' });
      const earnest = await careful.build({ name: 'earnest' });
      await careful.readyRecord(earnest);
      assert.equal(await isSigned(careful, earnest), true);
      assert.equal(await careful.layers(build.image, 'sig'), 0);
    });
  });

  describe('suspend', () => {
    it('records runs as Suspended, which is no failure, and signs them once it is lifted', async () => {
      const paused = await team('paused', { suspend: true });
      const build = await paused.build({ name: 'held' });
      const held = await paused.recordWithReason(build, 'Suspended');
      assert.deepEqual(
        ['Ready', 'Stalled', 'Reconciling'].map((type) => conditionOf(held, type)?.status),
        ['False', 'False', 'False'],
      );
      assert.ok(isUnsigned(held));
      await patchPolicy('paused', { suspend: false });
      const signed = await paused.readyRecord(build);
      assert.equal(signed.metadata.uid, held.metadata.uid);
      assert.equal(await isSigned(paused, build), true);

      await patchPolicy('paused', { suspend: true });
      const again = await paused.build({ name: 'held-again' });
      await paused.recordWithReason(again, 'Suspended');
      assert.equal(conditionOf(await paused.readyRecord(build))?.reason, 'Stored', 'what is signed stays signed');
    });
  });

  describe('subjects.allowedRepositories', () => {
    it('refuses to sign an image outside, whatever the run claims, until it is allowed', async () => {
      const { host } = installation.testbed.registry();
      const strict = await team('strict', { subjects: { allowedRepositories: [`${host}/strict/good`] } });
      const [good, evil] = await Promise.all([
        strict.build({ name: 'good', repository: 'strict/good' }),
        strict.build({ name: 'evil', repository: 'strict/evil' }),
      ]);
      const [refused] = await Promise.all([
        strict.recordWithReason(evil, 'SubjectNotAllowed'),
        strict.readyRecord(good),
      ]);
      assert.ok(isUnsigned(refused));
      assert.match(conditionOf(refused)?.message ?? '', /strict\/evil/);
      assert.deepEqual([await isSigned(strict, good), await strict.layers(evil.image, 'sig')], [true, 0]);

      await patchPolicy('strict', { subjects: { allowedRepositories: [`${host}/strict/*`] } });
      await strict.readyRecord(evil);
      assert.equal(await isSigned(strict, evil), true);
    });
  });

  describe('subjects.onIgnored', () => {
    it('Refuse signs nothing of a run that announces an image which cannot be read; Warn signs it and says so', async () => {
      const wary = await team('wary', { subjects: { onIgnored: 'Refuse' } });
      const pushed = await wary.registry.pushImage('wary/app', 'cut');
      // The digest is cut short, a mistake that real pipelines make.
      const build = await wary.build({ name: 'cut', pushed, results: { IMAGE_DIGEST: pushed.digest.slice(0, 19) } });
      const refused = await wary.recordWithReason(build, 'SubjectIgnored');
      assert.ok(isUnsigned(refused));
      const complete = conditionOf(refused, 'Complete');
      assert.deepEqual([complete?.status, complete?.reason], ['False', 'SubjectIgnored']);

      await patchPolicy('wary', { subjects: { onIgnored: 'Warn' } });
      const signed = await wary.readyRecord(build);
      assert.ok(!isUnsigned(signed));
      const [warning = ''] = signed.evidence?.artifacts?.[0]?.warnings ?? [];
      assert.match(warning, /^HintIgnored: results "IMAGE_URL" and "IMAGE_DIGEST" of TaskRun cut, .* has 12 digits/);
      assert.equal(conditionOf(signed, 'Complete')?.message, warning);
      const { stdout } = await installation.kubectl(['get', 'provenancerecords', '-n', 'wary']);
      assert.match(stdout, / 0 +True +\d\/\d +1 +Stored /);

      // A preview of the same run has the same words, and the run itself an Event.
      const run = await installation.json(['get', 'taskrun', 'cut', '-n', 'wary']);
      const [preview] = previewRuns([{ place: 'run', value: run }], optionsFromFlags({}));
      assert.deepEqual(preview?.artifacts[0]?.artifact.warnings, [warning]);
      const ofRun = await waitUntil('the Event is there', async () => {
        const events = await installation.events('wary');
        const found = events.filter((event) => event.reason === 'SubjectIgnored' && event.regardingUID === build.uid);
        return found.length > 0 && found;
      });
      assert.deepEqual(
        ofRun.map(({ type, count }) => [type, count]),
        [['Warning', 1]],
      );
    });
  });

  describe('an image that a native artifact names', () => {
    it('is signed and attested in its registry, and no credential of the run gets into the evidence', async () => {
      const managedBy = 'example.dev/maker';
      const makers = await team('makers', { runs: { managedBy: [managedBy] } });
      const image = await makers.registry.pushImage('makers/native', 'native');
      const sha1 = 'a'.repeat(40);
      const spec = {
        managedBy,
        serviceAccountName: 'builder',
        params: [
          { name: 'CHAINS-GIT_URL', value: 'https://bob:tok3n-s3cret@git.example/app' },
          { name: 'CHAINS-GIT_COMMIT', value: sha1 },
        ],
        taskSpec: { steps: [{ name: 'build', image: 'busybox', script: 'true' }] },
      };
      const metadata = { name: 'native', namespace: 'makers', labels: makers.releaseLabel };
      const run = await installation.create({ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', metadata, spec });
      const ended = new Date(Date.now() + 1000).toISOString().replace(/\.\d+/, '');
      const sha256 = image.digest.slice('sha256:'.length);
      const values = [{ uri: `oci://${image.reference}`, digest: { sha256 } }];
      const failed = { conditions: [{ type: 'Succeeded', status: 'False', reason: 'Failed' }], podName: 'native-pod' };
      const status = {
        conditions: [{ type: 'Succeeded', status: 'True', reason: 'Succeeded', lastTransitionTime: ended }],
        completionTime: ended,
        artifacts: { outputs: [{ name: 'image', buildOutput: true, values }] },
        retriesStatus: [failed],
      };
      const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
      await installation.kubectl(['patch', 'taskrun', 'native', '-n', 'makers', ...patch]);

      const build: Build = { kind: 'TaskRun', name: 'native', uid: String(at(run, 'metadata', 'uid')), image };
      const record = await makers.readyRecord(build);
      assert.equal(await isSigned(makers, build), true);
      const [repository] = image.reference.split('@');
      assert.deepEqual(at(statementOf(record), 'subject'), [{ name: repository, digest: { sha256 } }]);
      const statement = JSON.stringify(statementOf(record));
      assert.match(statement, /git\+https:\/\/git\.example\/app\.git/);
      assert.match(statement, /"name":"hallmark\/attempts"/);
      assert.doesNotMatch(statement + JSON.stringify(record), /tok3n-s3cret/);
      assert.match(record.evidence?.artifacts?.[0]?.warnings?.join() ?? '', /^CredentialRemoved: .*CHAINS-GIT_URL/);
      assert.equal(conditionOf(record, 'Complete')?.status, 'True');
    });
  });

  describe('runs.outcomes', () => {
    it('leaves failed runs alone until it names them', async () => {
      const honest = await team('honest', {});
      const failed = await honest.build({ name: 'broken', exitCode: 1 });
      const succeeded = await honest.build({ name: 'works' });
      await honest.readyRecord(succeeded);
      assert.equal(await honest.record(failed), undefined);

      await patchPolicy('honest', { runs: { outcomes: ['Succeeded', 'Failed'] } });
      const record = await honest.readyRecord(failed);
      assert.equal(record.spec.outcome, 'Failed');
      assert.ok(!isUnsigned(record));
    });
  });

  describe('a record that a user deletes', () => {
    it('is recreated from its run with the same content', async () => {
      const clumsy = await team('clumsy', {});
      const build = await clumsy.build({ name: 'dropped' });
      const first = await clumsy.readyRecord(build);
      await installation.delete('clumsy', `provenancerecord/${first.metadata.name}`);
      const second = await clumsy.readyRecord(build);
      assert.notEqual(second.metadata.uid, first.metadata.uid);
      assert.deepEqual(second.spec, first.spec);
      assert.deepEqual(statementOf(second), statementOf(first));
      assert.equal(await isSigned(clumsy, build), true);
    });
  });
});

describe('when all is done', () => {
  it('no key, password or token shows in logs, Events, metrics or objects', async () => {
    const texts = await shownTexts(installation);
    assert.ok(/"message":"record retired"/.test(texts['logs'] ?? ''));
    assert.deepEqual(leaks(texts, teams.flatMap(secretsOf)), []);
    const { stdout } = await installation.kubectl(['get', 'secrets', '-n', 'strict', '-o', 'json']);
    assert.notDeepEqual(leaks({ secrets: stdout }, teams.flatMap(secretsOf)), [], 'the search finds what is there');
  });
});
