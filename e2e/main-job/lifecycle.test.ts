// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at, releaseNamespace } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { leaks, secretsOf, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf, signaturesOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { isVerified } from '../harness/verify-image.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

/** The chart's config.shutdownGraceSeconds. */
const GRACE_SECONDS = 20;

let installation: Installation;
let team: Team;
/** Every build so far. */
const builds: Build[] = [];

before(async () => {
  installation = await Installation.start({ label: 'lifecycle', chartKinds: true });
  team = await installation.team({ name: 'bakers' });
  await team.untilReady();
});
after(() => installation.stop());

async function startBuilds(prefix: string, count: number): Promise<readonly Build[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  const made = await Promise.all(names.map((name) => team.startBuild({ name, repository: `bakers/${name}` })));
  builds.push(...made);
  return made;
}

/** The record of each build is Ready, is the only one, and its signatures are the only ones ever stored. */
async function assertSignedOnce(some: readonly Build[]): Promise<void> {
  const ready = await Promise.all(some.map((build) => team.readyRecord(build)));
  const all = await team.records();
  for (const [index, { uid, image, name }] of some.entries()) {
    assert.equal(all.filter(({ spec }) => spec.runRef.uid === uid).length, 1);
    const recorded = (wanted: string) =>
      (ready[index]?.evidence?.artifacts ?? []).flatMap(({ type, signature }) => (type === wanted ? [signature] : []));
    assert.equal(recorded('ImageSignature').length + recorded('Attestation').length, 2);
    assert.deepEqual(await team.imageSignatures(image), recorded('ImageSignature'), name);
    assert.deepEqual(await team.statementSignatures(image), recorded('Attestation'), name);
  }
}

async function isSigned({ image }: Build): Promise<boolean> {
  const verification = { publicKey: team.key.publicKey, image: image.reference };
  return isVerified(installation.testbed, { command: 'verify-attestation', ...verification });
}

interface LogLine {
  readonly message: string;
  readonly timeMs: number;
}

function logOf(pod: string): readonly LogLine[] {
  const lines = installation.operatorLogs(pod).trimEnd().split('\n');
  return lines.map((line) => {
    const entry: unknown = JSON.parse(line);
    return { message: String(at(entry, 'message')), timeMs: Date.parse(String(at(entry, 'time'))) };
  });
}

async function scale(replicas: number): Promise<void> {
  await installation.kubectl(['scale', 'deployment/hallmark', `--replicas=${replicas}`, '-n', releaseNamespace]);
  await waitUntil('so many pods are there', () => installation.operatorPods().length === replicas);
  await installation.rolledOut();
}

describe('a replica that is killed', () => {
  it('is followed by the other replica, which signs what came meanwhile, everything once', async () => {
    const { name: crashing } = await installation.holderOf(team.name);
    const first = await startBuilds('before-the-crash', 2);
    await assertSignedOnce(first);
    const inFlight = await startBuilds('during-the-crash', 3);
    installation.testbed.nodeAgent.kill(releaseNamespace, crashing, 'SIGKILL');
    await Promise.all(inFlight.map((build) => team.untilFinished(build)));

    // It goes on crashing, so that only the other one can take over.
    const next = await waitUntil(
      'the other replica does its work',
      async () => {
        const pod = installation.operatorPods().find(({ name }) => name === crashing);
        if (pod?.containers[0]?.pid !== undefined) {
          installation.testbed.nodeAgent.kill(releaseNamespace, crashing, 'SIGKILL');
        }
        const { name } = await installation.holderOf(team.name);
        return name !== crashing && name;
      },
      { timeoutSeconds: 120 },
    );
    await assertSignedOnce(inFlight);
    await assertSignedOnce(first);
    assert.ok(logOf(next).some(({ message }) => message === 'working'));
    await installation.rolledOut();
    assert.deepEqual(await installation.untilShared(), [8, 8], 'the one that comes back takes its share');
  });
});

describe('a replica that receives SIGTERM', () => {
  it('ends in good order within its grace period and hands over at once', async () => {
    const { name } = await installation.holderOf(team.name);
    const cost = 'controller.kubernetes.io/pod-deletion-cost=-1';
    await installation.kubectl(['annotate', 'pod', name, cost, '-n', releaseNamespace]);
    const running = await startBuilds('during-the-scaling', 2);
    await scale(1);
    const [left] = installation.operatorPods();
    assert.notEqual(left?.name, name);
    const log = logOf(name);
    const signalled = log.find(({ message }) => message === 'signal received');
    const ended = log.at(-1);
    assert.equal(ended?.message, 'stopped');
    assert.ok(signalled !== undefined && ended.timeMs - signalled.timeMs < GRACE_SECONDS * 1000);

    assert.equal((await installation.holderOf(team.name)).name, left?.name);
    await Promise.all(running.map((build) => team.untilFinished(build)));
    await assertSignedOnce(running);
  });

  it('is joined by a second replica when the Deployment is scaled up again', async () => {
    await scale(2);
    assert.equal(installation.operatorPods().filter(({ ready }) => ready).length, 2);
    assert.deepEqual(await installation.untilShared(), [8, 8]);
    const more = await startBuilds('after-the-scaling', 1);
    await assertSignedOnce(more);
  });
});

describe('helm upgrade', () => {
  it('with a changed value starts new pods, which go on where the old ones stopped', async () => {
    const old = installation.operatorPods().map(({ name }) => name);
    const before = await team.records();
    const running = await startBuilds('during-the-upgrade', 2);
    await installation.helm('upgrade', ['config.log.level="debug"']);
    await installation.rolledOut();
    // A rollout counts no pod that is still ending, and such a pod holds its shards until their work has ended.
    await waitUntil(
      'a new pod does the work',
      async () => !old.includes((await installation.holderOf(team.name)).name),
    );
    await Promise.all(running.map((build) => team.untilFinished(build)));
    await assertSignedOnce(running);

    const now = await team.records();
    for (const record of before) {
      const same = now.find(({ metadata }) => metadata.uid === record.metadata.uid);
      assert.equal(same?.metadata.resourceVersion, record.metadata.resourceVersion, 'a settled record is not touched');
    }
  });
});

describe('helm uninstall', () => {
  it('ends the operator, and keeps the definitions, the records and the evidence', async () => {
    const before = await team.records();
    await installation.uninstall();
    await waitUntil('the pods are gone', () => installation.operatorPods().length === 0);
    const crds = (await installation.list(['crds'])).map((crd) => String(at(crd, 'metadata', 'name')));
    assert.equal(crds.filter((name) => name.endsWith('.hallmark.dev')).length, 6);
    assert.deepEqual(await team.records(), before);
    for (const build of builds) assert.equal(await isSigned(build), true);
  });

  it('is undone by helm install: old records are trusted, and what finished meanwhile is signed', async () => {
    const before = await team.records();
    const meanwhile = await startBuilds('without-operator', 1);
    await Promise.all(meanwhile.map((build) => team.untilFinished(build)));
    assert.equal((await team.records()).length, before.length);
    await installation.helm('install');
    await installation.rolledOut();
    await assertSignedOnce(meanwhile);
    for (const record of before) {
      const build = builds.find(({ uid }) => uid === record.spec.runRef.uid);
      assert.ok(build);
      const same = await team.readyRecord(build);
      assert.equal(same.metadata.uid, record.metadata.uid);
      assert.equal(conditionOf(same)?.reason, 'Stored');
      assert.deepEqual(signaturesOf(same), signaturesOf(record));
    }
    assert.ok(!/VerificationFailed|record rejected/.test(installation.operatorLogs()));
  });
});

describe('when all is done', () => {
  it('there is one record for each build, all layers are single, and no secret was shown', async () => {
    assert.equal((await team.records()).length, builds.length);
    await assertSignedOnce(builds);
    const texts = await shownTexts(installation);
    assert.ok(texts['logs']?.includes('"message":"record ready"'));
    assert.deepEqual(leaks(texts, secretsOf(team)), []);
    const { stdout } = await installation.kubectl(['get', 'secrets', '-n', team.name, '-o', 'json']);
    assert.notDeepEqual(leaks({ secrets: stdout }, secretsOf(team)), [], 'the search finds what is there');
  });
});
