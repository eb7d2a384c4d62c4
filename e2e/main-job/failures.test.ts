// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { at } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { leaks, secretsOf, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf, signaturesOf, storageOf } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { KEY_SECRET, type Build, type Team } from '../harness/team.ts';
import { isVerified } from '../harness/verify-image.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

const COSIGN_PASSWORD = 'planted-cosign-password-3';
/** "A mended Secret takes effect within 60 s." */
const HEALING_SECONDS = 60;

let installation: Installation;
const teams: Team[] = [];
const planted: string[] = [COSIGN_PASSWORD];

before(async () => {
  installation = await Installation.start({
    label: 'failures',
    replicas: 1,
    registries: [{ referrers: false }, { referrers: false }],
    values: ['config.retry.maxSeconds=4'],
  });
});
after(() => installation.stop());

async function team(options: Parameters<Installation['team']>[0]): Promise<Team> {
  const made = await installation.team(options);
  teams.push(made);
  return made;
}

async function policyCondition(
  name: string,
  type: string,
): Promise<{ status: unknown; reason: unknown; message: string }> {
  const conditions = at(
    await installation.json(['get', 'signingpolicy', 'builds', '-n', name]),
    'status',
    'conditions',
  );
  const found: unknown = Array.isArray(conditions) ? conditions.find((entry) => at(entry, 'type') === type) : undefined;
  return { status: at(found, 'status'), reason: at(found, 'reason'), message: String(at(found, 'message')) };
}

/** Hallmark's Events about a run or its record. */
async function eventsAbout(namespace: string, uid: string) {
  const tekton = ['Started', 'Pending', 'Running', 'Succeeded', 'Failed'];
  return (await installation.events(namespace)).filter(
    ({ regardingUID, reason }) => regardingUID === uid && !tekton.includes(reason),
  );
}

async function isSigned(by: Team, build: Build): Promise<boolean> {
  const { publicKey } = by.key;
  const image = build.image.reference;
  const [one, two] = await Promise.all([
    isVerified(installation.testbed, { command: 'verify', publicKey, image }),
    isVerified(installation.testbed, { command: 'verify-attestation', publicKey, image }),
  ]);
  return one && two;
}

// Each in a namespace of its own; most of the time they wait for back-off and for what is cached of a Secret.
describe('a failure', { concurrency: true }, () => {
  describe('a key Secret that is missing', { concurrency: 1 }, () => {
    let late: Team;
    let build: Build;

    before(async () => {
      late = await team({ name: 'late', withKey: false });
    });

    it('is KeyNotFound on the policy, with the name of the Secret and what to do', async () => {
      const reason = 'jsonpath={.status.conditions[?(@.type=="KeyReady")].reason}=KeyNotFound';
      await installation.wait('late', 'signingpolicy/builds', reason);
      const ready = await policyCondition('late', 'Ready');
      assert.deepEqual([ready.status, ready.reason], ['False', 'KeyNotFound']);
      assert.match(ready.message, /Secret "late\/signing-secrets" does not exist: create it/);
    });

    it('is KeyNotFound on the record, which holds the unsigned payload', async () => {
      build = await late.build({ name: 'early-bird' });
      const record = await late.recordWithReason(build, 'KeyNotFound');
      assert.equal(conditionOf(record)?.status, 'False');
      assert.equal(conditionOf(record, 'Signed')?.reason, 'KeyNotFound');
      assert.equal(conditionOf(record, 'Stalled')?.status, 'True');
      assert.deepEqual(new Set(Object.values(signaturesOf(record))), new Set([undefined]));
      assert.equal(await late.layers(build.image, 'att'), 0);
    });

    it('heals policy and record within a minute of the Secret, and what was recorded then is signed', async () => {
      const waiting = await late.recordWithReason(build, 'KeyNotFound');
      await late.createKeySecret();
      const signed = await late.readyRecord(build, 'builds', HEALING_SECONDS);
      await installation.wait('late', 'signingpolicy/builds', 'condition=Ready', HEALING_SECONDS);
      assert.equal(signed.metadata.uid, waiting.metadata.uid);
      assert.deepEqual(
        signed.evidence?.artifacts?.map(({ payloadDigest }) => payloadDigest),
        waiting.evidence?.artifacts?.map(({ payloadDigest }) => payloadDigest),
      );
      assert.equal(await isSigned(late, build), true);
    });

    it('has one Event when it fails and one when it recovers, on the run and on the record', async () => {
      const record = await late.readyRecord(build);
      for (const uid of [build.uid, record.metadata.uid]) {
        const published = await waitUntil('both Events are there', async () => {
          const events = await eventsAbout('late', uid);
          return events.length >= 2 && events;
        });
        assert.deepEqual(published.map(({ type, reason, count }) => [type, reason, count]).toSorted(), [
          ['Normal', 'Stored', 1],
          ['Warning', 'KeyNotFound', 1],
        ]);
      }
    });
  });

  describe('a key that is replaced', { concurrency: 1 }, () => {
    it('signs the runs of a minute later, and the policy shows it as soon as it does', async () => {
      const rotating = await team({ name: 'rotating' });
      await rotating.untilReady();
      const old = await rotating.readyRecord(await rotating.build({ name: 'with-the-old-key' }));
      const [{ keyID: oldKeyID } = {}] = old.evidence?.artifacts ?? [];
      const next = newSigningKey();
      planted.push(...next.privateKey.split('\n').slice(1, 3));
      await rotating.createKeySecret({ 'x509.pem': next.privateKey });
      let count = 0;
      const image = await waitUntil(
        'a run is signed with the new key',
        async () => {
          count += 1;
          const build = await rotating.build({ name: `later-${count}` });
          const { evidence } = await rotating.readyRecord(build);
          return evidence?.artifacts?.every(({ keyID }) => keyID !== oldKeyID) === true && build.image.reference;
        },
        { timeoutSeconds: HEALING_SECONDS, intervalMilliseconds: 5000 },
      );
      const verification = { command: 'verify-attestation', publicKey: next.publicKey, image } as const;
      assert.equal(await isVerified(installation.testbed, verification), true);
      await waitUntil('the policy shows the new key', async () => {
        const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', 'rotating']);
        return at(policy, 'status', 'publicKey') === next.publicKey;
      });
      const kept = (await rotating.records()).find(({ metadata }) => metadata.uid === old.metadata.uid);
      assert.deepEqual(kept, old, 'what is signed is not signed again');
    });
  });

  describe('a key that cannot be used', { concurrency: 1 }, () => {
    let careless: Team;

    it('is KeyInvalid, and the message shows nothing of it', async () => {
      const [first = '', second = '', ...rest] = newSigningKey().privateKey.split('\n');
      const keyData = { 'x509.pem': [first, second.slice(2), ...rest].join('\n') };
      careless = await team({ name: 'careless', keyData });
      planted.push(second.slice(2));
      const reason = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=KeyInvalid';
      await installation.wait('careless', 'signingpolicy/builds', reason);
      const build = await careless.build({ name: 'malformed' });
      const record = await careless.recordWithReason(build, 'KeyInvalid');
      const { message = '' } = conditionOf(record) ?? {};
      assert.match(message, /careless\/signing-secrets/);
      assert.deepEqual(new Set(Object.values(signaturesOf(record))), new Set([undefined]));
    });

    it("heals when cosign's own key takes its place, whose password is used", async () => {
      const { cosign, supervisor } = installation.testbed;
      const directory = supervisor.dataDirectory('cosign-own-key');
      await cosign.run(['generate-key-pair'], { cwd: directory, env: { COSIGN_PASSWORD } });
      const privateKey = readFileSync(join(directory, 'cosign.key'), 'utf8');
      const publicKey = readFileSync(join(directory, 'cosign.pub'), 'utf8');
      await installation.delete('careless', `secret/${KEY_SECRET}`);
      await careless.createKeySecret({ 'cosign.key': privateKey, 'cosign.password': COSIGN_PASSWORD });
      await installation.wait('careless', 'signingpolicy/builds', 'condition=Ready', HEALING_SECONDS);
      const [malformed] = await careless.records();
      await installation.wait('careless', `provenancerecord/${malformed?.metadata.name ?? ''}`, 'condition=Ready');
      const build = await careless.build({ name: 'with-cosign-key' });
      await careless.readyRecord(build);
      const verification = { publicKey, image: build.image.reference };
      assert.equal(await isVerified(installation.testbed, { command: 'verify', ...verification }), true);
      assert.equal(await isVerified(installation.testbed, { command: 'verify-attestation', ...verification }), true);
    });
  });

  describe('a registry that is down', { concurrency: 1 }, () => {
    let steady: Team;
    let build: Build;

    before(async () => {
      // A registry of its own, which goes down for no other team.
      steady = await team({ name: 'steady', registry: installation.testbed.registry(1) });
      await steady.untilReady();
    });

    it('is BackendUnavailable on the record, while the other backend stores', async () => {
      const pushed = await steady.registry.pushImage('steady/app', 'stormy');
      await steady.registry.down();
      build = await steady.build({ name: 'stormy', pushed });
      const record = await steady.recordThat(
        build,
        'has failed in the registry, and is stored in its annotations',
        (seen) => storageOf(seen, 'registry')?.reason !== undefined && storageOf(seen, 'tekton')?.state === 'Stored',
      );
      assert.equal(conditionOf(record)?.reason, 'BackendUnavailable');
      assert.equal(storageOf(record, 'registry')?.state, 'Pending');
      assert.equal(storageOf(record, 'registry')?.reason, 'BackendUnavailable');
      assert.equal(record.status?.stored, '1/2');
      assert.deepEqual(
        ['Signed', 'Stored', 'Reconciling', 'Stalled'].map((type) => conditionOf(record, type)?.status),
        ['True', 'False', 'True', 'False'],
      );
      const run = await installation.kubectl(['get', 'taskrun', 'stormy', '-n', 'steady', '-o', 'json']);
      assert.match(run.stdout, new RegExp(`chains\\.tekton\\.dev/signature-taskrun-${build.uid}`));
    });

    it('is tried again and again without an Event for each time', async () => {
      const attempts = async (): Promise<number> => {
        const lines = (await installation.metrics()).flatMap((text) => text.split('\n'));
        const line = lines.find((text) => /^hallmark_storage_attempts_total\{.*result="BackendUnavailable"/.test(text));
        return Number(line?.split(' ').at(-1) ?? 0);
      };
      await waitUntil('it was tried five times', async () => (await attempts()) >= 5);
      const record = await steady.recordWithReason(build, 'BackendUnavailable');
      const entry = storageOf(record, 'registry');
      assert.ok((entry?.attempts ?? 0) >= 2, `${entry?.attempts} attempts`);
      assert.match(entry?.nextAttemptTime ?? '', /^20\d\d-.*Z$/);
      for (const uid of [build.uid, record.metadata.uid]) {
        const published = await waitUntil('the Event of the failure is there', async () => {
          const events = await eventsAbout('steady', uid);
          return events.length >= 1 && events;
        });
        assert.deepEqual(
          published.map(({ type, reason, count }) => [type, reason, count]),
          [['Warning', 'BackendUnavailable', 1]],
        );
      }
    });

    it('heals by itself when the registry is back: the same signature, exactly one layer of each', async () => {
      const waiting = await steady.recordWithReason(build, 'BackendUnavailable');
      await steady.registry.up();
      const stored = await steady.readyRecord(build);
      assert.equal(stored.metadata.uid, waiting.metadata.uid);
      assert.deepEqual(signaturesOf(stored), signaturesOf(waiting));
      assert.equal(stored.status?.stored, '2/2');
      assert.equal(storageOf(stored, 'registry')?.nextAttemptTime, undefined);
      assert.equal(await steady.layers(build.image, 'sig'), 1);
      assert.equal(await steady.layers(build.image, 'att'), 1);
      assert.equal(await isSigned(steady, build), true);
      for (const uid of [build.uid, stored.metadata.uid]) {
        const published = await waitUntil('the Event of the recovery is there', async () => {
          const events = await eventsAbout('steady', uid);
          return events.length >= 2 && events;
        });
        assert.deepEqual(published.map(({ type, reason, count }) => [type, reason, count]).toSorted(), [
          ['Normal', 'Stored', 1],
          ['Warning', 'BackendUnavailable', 1],
        ]);
      }
    });
  });

  describe('a run with no backend in reach', { concurrency: 1 }, () => {
    it('is BackendNotFound, not success, and is stored when a backend is made', async () => {
      const lonely = await team({ name: 'lonely', backends: [], policy: { backendRefs: [] } });
      const reason = 'jsonpath={.status.conditions[?(@.type=="BackendsReady")].reason}=BackendNotFound';
      await installation.wait('lonely', 'signingpolicy/builds', reason);
      const build = await lonely.build({ name: 'homeless' });
      const homeless = await lonely.recordWithReason(build, 'BackendNotFound');
      assert.deepEqual(
        ['Ready', 'Signed', 'Stored', 'Stalled'].map((type) => conditionOf(homeless, type)?.status),
        ['False', 'True', 'False', 'True'],
      );
      assert.equal(homeless.spec.backendRefs, undefined);
      await installation.apply({
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'StorageBackend',
        metadata: { name: 'tekton', namespace: 'lonely' },
        spec: { type: 'Tekton' },
      });
      const stored = await lonely.readyRecord(build);
      assert.deepEqual(signaturesOf(stored), signaturesOf(homeless));
      assert.equal(storageOf(stored, 'tekton')?.state, 'Stored');
      await installation.wait('lonely', 'signingpolicy/builds', 'condition=Ready');
    });
  });
});

describe('when all is done', () => {
  it('no key, password or token shows in logs, Events, metrics or objects', async () => {
    const texts = await shownTexts(installation);
    assert.ok(/KeyInvalid/.test(texts['logs'] ?? ''));
    assert.deepEqual(leaks(texts, [...teams.flatMap(secretsOf), ...planted]), []);
    const { stdout } = await installation.kubectl(['get', 'secret', KEY_SECRET, '-n', 'careless', '-o', 'json']);
    assert.notDeepEqual(leaks({ secret: stdout }, [COSIGN_PASSWORD]), [], 'the search finds what is there');
  });
});
