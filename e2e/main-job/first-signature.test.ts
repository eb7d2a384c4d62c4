// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { asManifest, at } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { leaks, secretsOf, shownTexts } from '../harness/planted-secrets.ts';
import { conditionOf, storageOf } from '../harness/record.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { teamSamples } from '../harness/team-manifests.ts';
import type { Build, Team } from '../harness/team.ts';
import { isVerified, verifyImage } from '../harness/verify-image.ts';

/** The bytes that DSSE signs, after https://github.com/secure-systems-lab/dsse/blob/master/protocol.md. */
function preAuthEncoding(type: string, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
}

describe('a team that follows the samples', () => {
  let installation: Installation;
  let team: Team;
  let taskRun: Build;
  let pipelineRun: Build;

  before(async () => {
    installation = await Installation.start({
      label: 'first-signature',
      registries: [{ referrers: false, auth: { username: 'baker', password: 'planted-registry-password-1' } }],
    });
  });
  after(() => installation.stop());

  it('finds two operator pods Ready after helm install, which share the work', async () => {
    const pods = installation.operatorPods();
    assert.deepEqual(
      pods.map(({ phase, ready }) => [phase, ready]),
      [
        ['Running', true],
        ['Running', true],
      ],
    );
    assert.deepEqual(await installation.untilShared(), [8, 8]);
  });

  it('applies its folder, makes its Secrets, and sees policy and backends become Ready', async () => {
    await installation.kubectl(['apply', '-f', teamSamples]);
    team = await installation.team({ name: 'team-a' });
    const wait = ['wait', '--for=condition=Ready', '-n', 'team-a', '--timeout=120s'];
    await installation.kubectl([...wait, 'signingpolicies,storagebackends', '--all']);
    const policy = await installation.json(['get', 'signingpolicy', 'builds', '-n', 'team-a']);
    assert.equal(at(policy, 'status', 'publicKey'), team.key.publicKey);
  });

  it('gets a Ready record for each run that Tekton finishes, and kubectl wait sees it', async () => {
    taskRun = await team.startBuild({ name: 'bake-1', repository: 'team-a/bread' });
    pipelineRun = await team.startBuild({ name: 'bakery-1', kind: 'PipelineRun', repository: 'team-a/rolls' });
    for (const build of [taskRun, pipelineRun]) {
      await team.untilFinished(build);
      const record = await team.readyRecord(build);
      assert.deepEqual(
        { kind: record.spec.runRef.kind, name: record.spec.runRef.name, uid: record.spec.runRef.uid },
        { kind: build.kind, name: build.name, uid: build.uid },
      );
      assert.equal(conditionOf(record)?.reason, 'Stored');
      assert.equal(conditionOf(record, 'Signed')?.status, 'True');
      assert.equal(conditionOf(record, 'Stalled')?.status, 'False');
      assert.equal(record.status?.stored, '2/2');
    }
  });

  it("gets a record for the PipelineRun's TaskRun too, as it carries the label, and no other", async () => {
    const child = await installation.json(['get', 'taskrun', 'bakery-1-bake', '-n', 'team-a']);
    const uid = String(at(child, 'metadata', 'uid'));
    await team.readyRecord({ ...pipelineRun, kind: 'TaskRun', name: 'bakery-1-bake', uid });
    const runs = (await team.records()).map(({ spec }) => `${spec.runRef.kind}/${spec.runRef.name}`);
    assert.deepEqual(runs.toSorted(), ['PipelineRun/bakery-1', 'TaskRun/bake-1', 'TaskRun/bakery-1-bake']);
  });

  it('reads the records well with kubectl get', async () => {
    const { stdout } = await installation.kubectl(['get', 'pvr', '-n', 'team-a']);
    const [header = '', ...rows] = stdout.trimEnd().split('\n');
    assert.match(header, /^NAME +RUN +KIND +POLICY +SUBJECTS +SIGNED +STORED +WARNINGS +REASON +AGE$/);
    const row = rows.find((line) => line.includes('PipelineRun')) ?? '';
    assert.match(row, /^bakery-1-\w{10} +bakery-1 +PipelineRun +builds +1 +True +2\/2 +0 +Stored +\d+\w+$/);
    const wide = await installation.kubectl(['get', 'pvr', '-n', 'team-a', '-o', 'wide']);
    assert.match(wide.stdout, /signed and stored in 2\/2 backends/);
  });

  for (const command of ['verify', 'verify-attestation'] as const) {
    it(`verifies both images with cosign ${command} and its public key, and not with another`, async () => {
      const { testbed } = installation;
      for (const { image } of [taskRun, pipelineRun]) {
        const { stdout } = await verifyImage(testbed, {
          command,
          publicKey: team.key.publicKey,
          image: image.reference,
        });
        assert.notEqual(stdout, '');
        const { publicKey } = newSigningKey();
        assert.equal(await isVerified(testbed, { command, publicKey, image: image.reference }), false);
      }
    });
  }

  it("finds the provenance of its image in what cosign verified, from the run's results", async () => {
    const { stdout } = await verifyImage(installation.testbed, {
      command: 'verify-attestation',
      publicKey: team.key.publicKey,
      image: taskRun.image.reference,
    });
    const envelope = asManifest(JSON.parse(stdout.split('\n')[0] ?? ''));
    const statement: unknown = JSON.parse(Buffer.from(String(envelope['payload']), 'base64').toString('utf8'));
    const sha256 = taskRun.image.digest.slice('sha256:'.length);
    assert.equal(at(statement, 'predicateType'), 'https://slsa.dev/provenance/v1');
    assert.deepEqual(at(statement, 'subject'), [{ name: `${team.registry.host}/team-a/bread`, digest: { sha256 } }]);
    assert.equal(at(statement, 'predicate', 'runDetails', 'metadata', 'invocationId'), taskRun.uid);
  });

  it("finds Chains' annotations on each run, which hold the signed payload", async () => {
    const publicKey = createPublicKey(team.key.publicKey);
    for (const build of [taskRun, pipelineRun]) {
      const run = await installation.json(['get', build.kind, build.name, '-n', 'team-a']);
      const annotations = asManifest(at(run, 'metadata', 'annotations'));
      const decoded = (part: string, key: string): Buffer =>
        Buffer.from(String(annotations[`chains.tekton.dev/${part}-${key}`]), 'base64');
      const runKey = `${build.kind.toLowerCase()}-${build.uid}`;
      const imageKey = build.image.digest.slice('sha256:'.length, 'sha256:'.length + 12);

      // As with Chains, an image is signed with the TaskRun that built it, and not again with the PipelineRun.
      const keys = build.kind === 'TaskRun' ? [runKey, imageKey] : [runKey];
      const parts = ['payload', 'signature', 'cert', 'chain'];
      assert.deepEqual(
        Object.keys(annotations)
          .filter((name) => name.startsWith('chains.tekton.dev/'))
          .toSorted(),
        keys.flatMap((key) => parts.map((part) => `chains.tekton.dev/${part}-${key}`)).toSorted(),
      );

      const payload = decoded('payload', runKey);
      const envelope: unknown = JSON.parse(decoded('signature', runKey).toString('utf8'));
      assert.equal(at(envelope, 'payload'), payload.toString('base64'));
      const signature = Buffer.from(String(at(envelope, 'signatures', 0, 'sig')), 'base64');
      const signed = preAuthEncoding('application/vnd.in-toto+json', payload);
      assert.ok(verify('sha256', signed, publicKey, signature));

      const record = await team.readyRecord(build);
      const attestation = record.evidence?.artifacts?.find(({ type }) => type === 'Attestation');
      assert.equal(attestation?.payloadDigest, `sha256:${createHash('sha256').update(payload).digest('hex')}`);
      assert.equal(attestation.signature, signature.toString('base64'));
      if (build.kind === 'PipelineRun') continue;

      const image = decoded('payload', imageKey);
      const critical = at(JSON.parse(image.toString('utf8')), 'critical');
      assert.equal(at(critical, 'image', 'docker-manifest-digest'), build.image.digest);
      assert.ok(verify('sha256', image, publicKey, decoded('signature', imageKey)));
    }
  });

  it('finds its evidence with each image, at the location that the record states', async () => {
    for (const build of [taskRun, pipelineRun]) {
      const uris = (storageOf(await team.readyRecord(build), 'registry')?.locations ?? []).map(({ uri }) => uri);
      const tag = build.image.digest.replace(':', '-');
      assert.ok(uris.some((uri) => uri.includes(`:${tag}.att`)));
      assert.equal(
        uris.some((uri) => uri.includes(`:${tag}.sig`)),
        build.kind === 'TaskRun',
      );
      assert.equal(await team.layers(build.image, 'sig'), 1);
    }
    assert.equal(await team.layers(taskRun.image, 'att'), 1);
    // The PipelineRun and its TaskRun both name the image, and each has a statement of its own.
    assert.equal(await team.layers(pipelineRun.image, 'att'), 2);
  });

  it('gets no Event of a plain success, but for the policy and the backends that became Ready', async () => {
    const isOfTeam = (event: object): boolean =>
      ['SigningPolicy', 'StorageBackend'].includes(String(at(event, 'involvedObject', 'kind')));
    const uids = new Set((await team.records()).map(({ metadata }) => metadata.uid));
    const events = await installation.list(['events', '-A']);
    assert.ok(events.length > 0, "Tekton's own Events are there");
    const ours = events.filter(
      (event) =>
        uids.has(String(at(event, 'involvedObject', 'uid'))) ||
        (JSON.stringify(event).includes('"reportingComponent":"hallmark') && !isOfTeam(event)),
    );
    assert.deepEqual(ours, []);
  });

  it('nothing of it needed a right that the chart does not give', () => {
    assert.ok(!/forbidden/i.test(installation.operatorLogs()));
  });

  it('its key, its password and tokens never show in logs, Events, metrics or objects', async () => {
    const texts = await shownTexts(installation);
    assert.ok(/"message":"record ready"/.test(texts['logs'] ?? ''));
    assert.ok(/^hallmark_/m.test(texts['metrics'] ?? ''));
    assert.deepEqual(leaks(texts, secretsOf(team)), []);
    const secrets = await installation.kubectl(['get', 'secret', '-n', 'team-a', '-o', 'json']);
    assert.notDeepEqual(leaks({ secrets: secrets.stdout }, secretsOf(team)), [], 'the search finds what is there');
  });
});
