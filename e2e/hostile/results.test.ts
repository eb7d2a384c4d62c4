// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { runResources } from '../../src/kube/tekton-resources.ts';
import { asManifest, at } from '../chart/helm.ts';
import { storageOf } from '../harness/record.ts';
import { recordedPayloads, warningsOf } from '../provenance/stated.ts';
import { type FinishOptions, ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { signaturesInAnnotations } from '../resilience/stored-signatures.ts';
import { HostileBed } from './hostile-bed.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

function result(name: unknown, value: unknown, type = 'string'): object {
  return { name, type, value };
}

function images(count: number, repository = 'app'): object {
  const one = (): string => `registry.example.com/${repository}@sha256:${randomBytes(32).toString('hex')}`;
  return result('IMAGES', Array.from({ length: count }, one).join('\n'));
}

function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

/** Results that name nothing, however they are read. */
const namingNothing: Readonly<Record<string, readonly unknown[]>> = {
  numbers: [result('IMAGE_URL', 5), result('IMAGE_DIGEST', 7.5)],
  'nested-objects': [result('IMAGE_URL', { a: { b: [1] } }), result('IMAGE_DIGEST', digest)],
  null: [result('IMAGE_URL', null), result('IMAGE_DIGEST', digest)],
  'no-value': [{ name: 'IMAGE_URL', type: 'string' }, result('IMAGE_DIGEST', digest)],
  'mixed-lists': [result('IMAGES', ['a', 1, null, { b: 1 }], 'array')],
  'odd-objects': [result('X-ARTIFACT_OUTPUTS', { uri: 5, digest: { a: 1 }, isBuildArtifact: true }, 'object')],
  'lying-types': [result('IMAGE_URL', 'x', 'object'), result('IMAGE_DIGEST', ['y'], 'string')],
  'prototype-names': [result('__proto__', 'x'), result('constructor', 'y'), result('toString', { __proto__: 'z' })],
  'odd-characters': [result('IMAGE_URL', '\u202e\u0000😀<script>&'), result('IMAGE_DIGEST', `${digest}\n`)],
  'paths-for-names': [result('IMAGE_URL', '../../../etc/passwd'), result('IMAGE_DIGEST', 'sha256:zz')],
  'deep-nesting': [result('DEEP', nested(400), 'array')],
};

/** Statuses that cannot be stated, and the place in them that the record names. */
const unreadable: Readonly<Record<string, FinishOptions & { readonly place: string }>> = {
  'results-text': { status: { results: 'text' }, place: 'TaskRun.status.results must be a list' },
  'results-entries': { results: [null, 5, 'x', []], place: 'TaskRun.status.results.1 must be an object' },
  'result-name': { results: [result(5, 'x')], place: 'TaskRun.status.results.0.name must be' },
  'spec-text': { status: { taskSpec: 'text' }, place: 'TaskRun.status.taskSpec must be an object' },
  'spec-steps': { status: { taskSpec: { steps: 5 } }, place: 'TaskRun.status.taskSpec.steps must be a list' },
  'steps-entries': { status: { steps: [5, null] }, place: 'TaskRun.status.steps.0 must be an object' },
  provenance: { status: { provenance: 'x' }, place: 'TaskRun.status.provenance must be an object' },
  retries: { status: { retriesStatus: [[[]]] }, place: 'TaskRun.status.retriesStatus.0 must be an object' },
  times: { status: { startTime: 5, completionTime: 'yesterday' }, place: 'Time must be an RFC 3339 time' },
};

/** Runs that state more than a record holds. */
const tooLarge: Readonly<Record<string, readonly unknown[]>> = {
  'thousands-of-images': [images(5000)],
  'one-image-too-many': [images(256)],
  'a-mebibyte-of-noise': [result('NOISE', randomBytes(760_000).toString('base64'))],
  'images-and-noise': [images(250, 'a'.repeat(220)), result('NOISE', randomBytes(600_000).toString('base64'))],
};

describe('a finished run whose results are not what results should be', () => {
  let bed: HostileBed;
  before(async () => {
    bed = await HostileBed.start({ label: 'hostile-results' });
  });
  after(() => bed.stop());

  async function finished(
    name: string,
    options: FinishOptions,
  ): Promise<{ readonly name: string; readonly uid: string }> {
    const run = await bed.runs.create({ name });
    await bed.runs.finish(run, options);
    return { name, uid: String(at(run, 'metadata', 'uid')) };
  }

  for (const [name, results] of Object.entries(namingNothing)) {
    it(`is signed, and names no image: ${name}`, async () => {
      const record = await bed.readyRecord(await finished(name, { results }));
      const [artifact, ...others] = record.evidence?.artifacts ?? [];
      assert.equal(artifact?.type, 'Attestation');
      assert.equal(artifact.subjectCount, 0);
      assert.deepEqual(others, []);
      assert.match(storageOf(record, 'registry')?.message ?? '', /names no image/);
    });
  }

  for (const [name, { place, ...options }] of Object.entries(unreadable)) {
    it(`is recorded as PayloadInvalid, with the place in it that is wrong: ${name}`, async () => {
      const record = await bed.recordWithReason(await finished(name, options), 'PayloadInvalid');
      assert.ok(record.status?.message?.includes(place), record.status?.message);
      assert.equal(record.evidence?.artifacts, undefined);
    });
  }

  for (const [name, results] of Object.entries(tooLarge)) {
    it(`is recorded as PayloadTooLarge when it states too much: ${name}`, async () => {
      const record = await bed.recordWithReason(await finished(name, { results }), 'PayloadTooLarge');
      assert.equal(record.evidence?.artifacts, undefined);
      assert.match(record.status?.message ?? '', /a record (takes|holds) (1048576|1126400|256)/);
    });
  }

  it('is signed when it packs well, and BackendRejected where its evidence does not fit', async () => {
    const run = await finished('zeros', { results: [result('ZEROS', '0'.repeat(1_000_000))] });
    const record = await bed.recordWithReason(run, 'BackendRejected');
    assert.match(storageOf(record, 'tekton')?.message ?? '', /Kubernetes allows 262144; store it in an OCI backend/);
    assert.ok(record.evidence?.artifacts?.every(({ signature }) => signature !== undefined));
  });

  it('is signed under the longest name and with times that cannot be', async () => {
    const name = `${'long.'.repeat(50)}end`;
    const never = { completionTime: '9999-12-31T23:59:59Z', startTime: '0001-01-01T00:00:00Z' };
    const record = await bed.readyRecord(await finished(name, { status: never }));
    assert.equal(record.spec.runRef.name, name);
    assert.ok(record.metadata.name.length <= 63);
  });

  it('is signed although its author says on it that it is signed already, and its forged evidence is replaced', async () => {
    const image = await bed.team.registry.pushImage(`${bed.team.name}/app`, 'pretender');
    const key = image.digest.slice('sha256:'.length, 'sha256:'.length + 12);
    const annotations = {
      'chains.tekton.dev/signed': 'true',
      'chains.tekton.dev/retries': '99',
      [`chains.tekton.dev/payload-${key}`]: Buffer.from('{"forged":true}').toString('base64'),
      [`chains.tekton.dev/signature-${key}`]: Buffer.from('forged').toString('base64'),
    };
    const labels = { 'chains.tekton.dev/signed': 'true', 'app.kubernetes.io/managed-by': 'hallmark' };
    const run = await bed.runs.create({ name: 'pretender', annotations, labels });
    await bed.runs.finish(run, { results: bed.runs.imageResults(image) });
    const build = { kind: 'TaskRun', name: 'pretender', uid: String(at(run, 'metadata', 'uid')), image } as const;
    const record = await bed.readyRecord(build);
    const signal = AbortSignal.timeout(30_000);
    const signed = await bed.client.get(
      runResources.TaskRun,
      { namespace: bed.team.name, name: build.name },
      { signal },
    );
    const stored = signaturesInAnnotations(signed, build);
    const ofRecord = record.evidence?.artifacts?.map(({ signature }) => signature) ?? [];
    assert.deepEqual([...stored.attestation, ...stored.image].toSorted(), ofRecord.toSorted());
    const payload = asManifest(at(signed, 'metadata', 'annotations'))[`chains.tekton.dev/payload-${key}`];
    assert.doesNotMatch(Buffer.from(String(payload), 'base64').toString(), /forged/);
  });

  it('is signed as it is when it was changed before its record could be made, and the record says so', async () => {
    // A backend of this encoding holds no such image signatures, so nothing is stated before the policy is mended.
    const invalid = { attestation: { format: 'None' }, imageSignatures: { formats: ['SigstoreStatement'] } };
    const policy = { ...managedRuns, ...invalid };
    const team = await bed.installation.team({ name: 'team-changed', policy, backends: ['registry'] });
    const runs = new ManagedRuns(bed.client, team);
    const [build, steady] = [await runs.build({ name: 'changed' }), await runs.build({ name: 'steady' })];
    for (const run of [build, steady]) await bed.recordWithReason(run, 'PolicyInvalid', team);
    const run = await bed.installation.json(['get', 'taskrun', build.name, '-n', team.name]);
    const other = await team.registry.pushImage(`${team.name}/app`, 'other');
    await runs.finish(run, { results: runs.imageResults(other) });
    const spec = { imageSignatures: { formats: ['SimpleSigning'] } };
    await bed.installation.patch(team.name, 'signingpolicy/builds', { spec });
    const record = await bed.readyRecord(build, team);
    assert.match(JSON.stringify(recordedPayloads(record)), new RegExp(other.digest));
    assert.match(warningsOf(record)[0] ?? '', /^RunChanged: the spec, results or steps of TaskRun changed are not /);
    assert.deepEqual(warningsOf(await bed.readyRecord(steady, team)), []);
  });

  it('leaves the operator and the other runs of the namespace unharmed', () => bed.assertUnharmed());
});
