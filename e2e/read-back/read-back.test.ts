// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { commandProgram } from '../harness/command-program.ts';
import { Installation } from '../harness/installation.ts';
import { conditionOf, signaturesOf, storageOf } from '../harness/record.ts';
import type { Build, Team } from '../harness/team.ts';
import { isVerified } from '../harness/verify-image.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { runCommand, type CommandOutput } from '../testbed/processes/run-command.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

const patience = { timeoutSeconds: PATIENCE_SECONDS } as const;

describe('what was stored', { concurrency: true }, () => {
  let installation: Installation;
  let team: Team;
  let runs: ManagedRuns;
  let build: Build;

  before(async () => {
    installation = await Installation.start({
      label: 'read-back',
      replicas: 1,
      values: ['config.verification.intervalSeconds=2', 'config.retry.maxSeconds=2'],
    });
    team = await installation.team({
      name: 'team-r',
      policy: { ...managedRuns, backendRefs: [] },
      backends: ['tekton'],
    });
    runs = new ManagedRuns(adminClient(installation.plane), team);
    await team.untilReady();
    build = await runs.build({ name: 'bake' });
  });
  after(() => installation.stop());

  async function verification(status: 'True' | 'False') {
    return waitUntil(
      `Verified=${status}`,
      async () => {
        const record = await team.record(build);
        const verified = record === undefined ? undefined : conditionOf(record, 'Verified');
        return record !== undefined && verified?.status === status ? { record, verified } : undefined;
      },
      patience,
    );
  }

  async function annotation(name: string): Promise<string> {
    const run = await installation.json(['get', 'taskrun', build.name, '-n', team.name]);
    const annotations: unknown = Reflect.get(Object(run['metadata']), 'annotations');
    return String(Reflect.get(Object(annotations), name));
  }

  function annotate(...changes: readonly string[]): Promise<CommandOutput> {
    return installation.kubectl(['annotate', 'taskrun', build.name, '-n', team.name, '--overwrite', ...changes]);
  }

  function backfill(...args: readonly string[]): Promise<CommandOutput> {
    const env = { ...compileCache(), KUBECONFIG: installation.plane.kubeconfigPath, PATH: process.env['PATH'] ?? '' };
    const command = [commandProgram, 'backfill', ...args, '-n', team.name];
    return runCommand(process.execPath, command, { env });
  }

  describe('for one team', { concurrency: 1 }, () => {
    it('is read back and verified before the record says so', async () => {
      const { record, verified } = await verification('True');
      assert.equal(verified.reason, 'Verified');
      assert.equal(storageOf(record, 'tekton')?.verification?.state, 'Verified');
      assert.ok(storageOf(record, 'tekton')?.locations?.every(({ artifact }) => artifact !== undefined));
    });

    it('is missed when it vanishes, and the record says where from and what to do', async () => {
      await annotate(`chains.tekton.dev/payload-taskrun-${build.uid}-`);
      const { record, verified } = await verification('False');
      assert.equal(verified.reason, 'VerificationFailed');
      assert.match(verified.message, /tekton.*no longer carries the annotations.*hallmark backfill/);
      assert.equal(conditionOf(record)?.status, 'False');
      assert.equal(conditionOf(record)?.reason, 'VerificationFailed');
      assert.equal(conditionOf(record, 'Stored')?.status, 'True');
    });

    it('is put back by hallmark backfill, with the signature that it had', async () => {
      const before = await team.record(build);
      const { stdout } = await backfill('tekton', '--timeout', '100');
      assert.match(stdout, /records stored in StorageBackend\/tekton: all of 1/);
      const { record } = await verification('True');
      assert.equal(conditionOf(record)?.status, 'True');
      assert.ok(before);
      assert.deepEqual(signaturesOf(record), signaturesOf(before));
    });

    it('is noticed when a user changes it', async () => {
      const name = `chains.tekton.dev/signature-taskrun-${build.uid}`;
      const kept = await annotation(name);
      const envelope = Buffer.from(kept, 'base64')
        .toString('utf8')
        .replace(/"sig":"..../, '"sig":"AAAA');
      await annotate(`${name}=${Buffer.from(envelope).toString('base64')}`);
      const { verified } = await verification('False');
      assert.equal(verified.reason, 'VerificationFailed');
      await annotate(`${name}=${kept}`);
      await verification('True');
    });

    it('goes to a new backend on request only, and verifies there', async () => {
      await installation.apply({
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'StorageBackend',
        metadata: { name: 'late', namespace: team.name },
        spec: { type: 'OCI', oci: { encoding: 'CosignTags', tls: { insecure: true } } },
      });
      await installation.wait(team.name, 'storagebackend/late', 'condition=Ready');
      const fresh = await runs.build({ name: 'fresh' });
      const taken = await team.readyRecord(fresh);
      assert.equal(storageOf(taken, 'late')?.state, 'Stored');
      const old = await team.record(build);
      assert.ok(old);
      assert.equal(storageOf(old, 'late'), undefined);
      const counted = await backfill('late', '--dry-run');
      assert.match(counted.stdout, /records to store in StorageBackend\/late: 1; stored already: 1/);
      await backfill('late', '--timeout', '100');
      const record = await team.readyRecord(build);
      assert.deepEqual(
        [storageOf(record, 'late')?.state, storageOf(record, 'late')?.isBackfill, record.status?.stored],
        ['Stored', true, '1/1'],
      );
      const { publicKey } = team.key;
      const image = build.image.reference;
      assert.ok(await isVerified(installation.testbed, { command: 'verify-attestation', publicKey, image }));
      assert.deepEqual(signaturesOf(record), signaturesOf(old));
    });

    it('goes to two new backends that two users ask for at the same time', async () => {
      const names = ['left', 'right'] as const;
      for (const name of names) {
        const repository = `${installation.testbed.registry().host}/${name}/all`;
        await installation.apply({
          apiVersion: 'hallmark.dev/v1alpha1',
          kind: 'StorageBackend',
          metadata: { name, namespace: team.name },
          spec: { type: 'OCI', oci: { encoding: 'CosignTags', repository, tls: { insecure: true } } },
        });
        await installation.wait(team.name, `storagebackend/${name}`, 'condition=Ready');
      }
      await Promise.all(names.map((name) => backfill(name, '--timeout', '100')));
      for (const { metadata, status } of await team.records()) {
        const held = status?.storage
          ?.filter(({ state }) => state === 'Stored')
          .map(({ backendRef }) => backendRef.name);
        for (const name of names) assert.ok(held?.includes(name), `${metadata.name} in ${name}`);
        assert.equal(metadata.annotations?.['hallmark.dev/backfill'], undefined, 'answered requests are taken back');
      }
    });

    it('is not called lost when it went with its run, whose annotations held it', async () => {
      const pruned = await runs.build({ name: 'pruned' });
      await team.readyRecord(pruned);
      await installation.delete(team.name, `taskrun/${pruned.name}`);
      const looks = async (): Promise<number> => {
        const text = (await installation.metrics()).join('\n');
        return Number(/^hallmark_\w+\{[^}]*type="Tekton"[^}]*result="Unread"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0);
      };
      await waitUntil('it was looked for again and again', async () => (await looks()) >= 2, patience);
      const record = await team.readyRecord(pruned);
      assert.deepEqual(
        [conditionOf(record)?.status, conditionOf(record, 'Verified')?.status, storageOf(record, 'tekton')?.state],
        ['True', 'True', 'Stored'],
      );
    });

    it('says when a backend cannot be filled', async () => {
      await assert.rejects(backfill('nowhere'), {
        exitCode: 1,
        stderr: /there is no StorageBackend nowhere in namespace team-r/,
      });
      await installation.apply({
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'ClusterStorageBackend',
        metadata: { name: 'of-others' },
        spec: { type: 'Tekton', namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'team-others' } } },
      });
      await assert.rejects(backfill('clusterstoragebackend/of-others', '--timeout', '20'), {
        exitCode: 1,
        stdout:
          /not stored yet: \d+; the operator continues with them:[^]*does not exist or does not select this namespace/,
      });
      const record = await team.readyRecord(build);
      assert.equal(conditionOf(record)?.status, 'True');
    });

    it('waits for a deleted backend until it is recreated or a user releases the record', async () => {
      const doomed = (oci: object): Promise<unknown> =>
        installation.apply({
          apiVersion: 'hallmark.dev/v1alpha1',
          kind: 'StorageBackend',
          metadata: { name: 'doomed', namespace: team.name },
          spec: { type: 'OCI', oci: { encoding: 'CosignTags', tls: { insecure: true }, ...oci } },
        });
      await doomed({ repository: '127.0.0.1:1/nobody/there' });
      await installation.wait(team.name, 'storagebackend/doomed', 'condition=Ready=False');
      const [waiting, released] = [await runs.build({ name: 'waiting' }), await runs.build({ name: 'released' })];
      for (const one of [waiting, released]) {
        await waitUntil(
          `${one.name} waits for the backend`,
          async () => {
            const record = await team.record(one);
            return record === undefined ? undefined : storageOf(record, 'doomed')?.reason;
          },
          patience,
        );
      }
      await installation.delete(team.name, 'storagebackend/doomed');
      const orphan = await team.recordWithReason(released, 'BackendNotFound');
      const before = await team.recordWithReason(waiting, 'BackendNotFound');
      assert.match(
        storageOf(before, 'doomed')?.message ?? '',
        /create it \(again\).*or name others in spec\.backendRefs of the policy/,
      );
      await installation.delete(team.name, `provenancerecord/${orphan.metadata.name}`);
      const free = await team.readyRecord(released);
      assert.equal(storageOf(free, 'doomed'), undefined);
      assert.equal(conditionOf(await team.recordWithReason(waiting, 'BackendNotFound'))?.status, 'False');
      await doomed({});
      const stored = await team.readyRecord(waiting);
      assert.equal(storageOf(stored, 'doomed')?.state, 'Stored');
      assert.deepEqual(signaturesOf(stored), signaturesOf(before));
    });
  });

  describe('in a registry and in annotations', { concurrency: 1 }, () => {
    let both: Team;
    let odd: ManagedRuns;

    before(async () => {
      both = await installation.team({ name: 'team-both', policy: { ...managedRuns } });
      odd = new ManagedRuns(adminClient(installation.plane), both);
      await both.untilReady();
    });

    const images = (...references: readonly string[]): readonly unknown[] => [
      { name: 'IMAGES', type: 'string', value: references.join('\n') },
    ];

    it('lies in the annotations alone when the run names no image, and the registry is not counted', async () => {
      const record = await both.readyRecord(await odd.build({ name: 'nothing', results: [] }));
      assert.equal(record.status?.stored, '1/1');
      const entry = storageOf(record, 'registry');
      assert.deepEqual(
        [entry?.state, entry?.reason, entry?.locations, entry?.verification, entry?.attempts],
        ['NotApplicable', 'NoSubjects', undefined, undefined, undefined],
      );
      assert.equal(storageOf(record, 'tekton')?.state, 'Stored');
    });

    it('is stored with each image that exists, and the missing one is named and retried alone', async () => {
      const good = await both.registry.pushImage('team-both/good');
      const missing = `${both.registry.host}/team-both/missing@sha256:${'d'.repeat(64)}`;
      const build = await odd.build({ name: 'half', results: images(missing, good.reference) });
      const record = await both.recordWithReason(build, 'BackendRejected');
      const entry = storageOf(record, 'registry');
      assert.match(entry?.message ?? '', /^image-[0-9a-f]+: image .*team-both\/missing@sha256:d+ does not exist/);
      assert.equal(entry?.missing?.length, 1);
      const held = entry.locations?.map(({ uri }) => uri.replace(/#.*/, '')) ?? [];
      const tag = `oci://${both.registry.host}/team-both/good:${good.digest.replace(':', '-')}`;
      for (const place of [`${tag}.att`, `${tag}.sig`]) assert.ok(held.includes(place), held.join());
      const { publicKey } = both.key;
      assert.ok(await isVerified(installation.testbed, { command: 'verify', publicKey, image: good.reference }));
    });

    it('raises no alarm for one digest in two repositories, whose annotations share a name', async () => {
      const { digest } = await both.registry.pushImage('team-both/us');
      const body = (await both.registry.client().send(`/v2/team-both/us/manifests/${digest}`)).body;
      const blobs = [...body.toString().matchAll(/"digest":"(sha256:[a-f0-9]{64})"/g)].map(([, of = '']) => of);
      for (const blob of blobs) {
        const mount = `/v2/team-both/eu/blobs/uploads/?mount=${blob}&from=team-both/us`;
        assert.equal((await both.registry.client().send(mount, { method: 'POST' })).status, 201);
      }
      const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
      const put = { method: 'PUT', headers, body };
      assert.equal((await both.registry.client().send(`/v2/team-both/eu/manifests/${digest}`, put)).status, 201);
      const named = ['us', 'eu'].map((path) => `${both.registry.host}/team-both/${path}@${digest}`);
      const build = await odd.build({ name: 'mirrors', results: images(...named) });
      await waitUntil(
        'it was read back',
        async () => {
          const found = await both.record(build);
          return found !== undefined && conditionOf(found, 'Verified')?.status === 'True' ? true : undefined;
        },
        patience,
      );
      const record = await both.readyRecord(build);
      assert.equal(record.status?.stored, '2/2');
      assert.equal(storageOf(record, 'tekton')?.reason, 'KeyConflict');
      assert.equal(storageOf(record, 'registry')?.reason, undefined);
    });
  });

  it('is nothing when a registry alone is to hold a run without an image, which is reported once', async () => {
    const alone = await installation.team({ name: 'team-alone', policy: managedRuns, backends: ['registry'] });
    await alone.untilReady();
    const build = await new ManagedRuns(adminClient(installation.plane), alone).build({ name: 'bare', results: [] });
    const record = await alone.recordWithReason(build, 'NoSubjects');
    assert.deepEqual(
      [record.status?.stored, conditionOf(record)?.status, conditionOf(record, 'Stalled')?.status],
      ['0/0', 'False', 'True'],
    );
    assert.equal(conditionOf(record, 'Verified'), undefined);
    const entry = storageOf(record, 'registry');
    assert.deepEqual([entry?.state, entry?.attempts, entry?.nextAttemptTime], ['NotApplicable', undefined, undefined]);
  });
});
