// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { signedEvidenceFixture } from '../../../evidence/artifact.fixture.ts';
import { unpackPayload } from '../../../evidence/packed-payload.ts';
import type { BackendName } from '../../../pipelines/backend-key.ts';
import { Pipelines } from '../../../pipelines/pipelines.ts';
import { policyDefinition } from '../../../pipelines/policy-definition.fixture.ts';
import { effectiveStorageBackendSpec } from '../../../api/v1alpha1/storage-backend/defaults.ts';
import type { PayloadLocation } from '../../../records/dropped-payloads.ts';
import { readRecord } from '../../../records/read-record.ts';
import { SEAL_KEY, storedEntry, storedRecord } from '../../../records/stored-record.fixture.ts';
import type { StorageDriver } from '../../../storage/driver.ts';
import { runTarget } from '../../../storage/run-target.ts';
import { StorageError } from '../../../storage/storage-error.ts';
import { wholeArtifacts } from './whole-artifacts.ts';

const { payload: packed = '', ...lighter } = signedEvidenceFixture();
const payload = unpackPayload(packed);
const at = (name: string): PayloadLocation => ({ kind: 'StorageBackend', name, uri: `s3://${name}/attestation` });
const dropped: EvidenceArtifact = { ...lighter, payloadLocations: [at('first'), at('second')] };

/** The answer of each backend: a payload, or the reason why there is none. */
type Answers = Readonly<Record<string, Buffer | StorageError>>;

interface Given {
  readonly answers: Answers;
  readonly notReady?: readonly string[];
  readonly artifact?: EvidenceArtifact;
  /** Backends that hold the evidence, as the status says. */
  readonly stored?: readonly string[];
}

const lost = new StorageError('BackendRejected', 'there is no such object');

async function fetched({ answers, notReady = [], artifact = dropped, stored = [] }: Given) {
  const asked: string[] = [];
  const pipelines = new Pipelines('ops');
  pipelines.setNamespace({ name: 'team-a', labels: {} });
  pipelines.setPolicy(policyDefinition('team-a', 'builds'));
  for (const name of Object.keys(answers)) {
    const spec = effectiveStorageBackendSpec({ type: 'Archivista', archivista: { url: 'https://archive.example' } });
    pipelines.setBackend({ kind: 'StorageBackend', namespace: 'team-a', name, uid: name, generation: 1, spec });
  }
  const driver = (name: string): StorageDriver => ({
    probe: () => Promise.resolve({ ready: true }),
    put: () => Promise.reject(new Error('nothing is stored here')),
    get: ({ uri }) => {
      asked.push(uri);
      const answer = answers[name] ?? lost;
      if (answer instanceof StorageError) return Promise.reject(answer);
      return Promise.resolve({ payload: answer, signature: Buffer.alloc(0), encoding: 'SignatureText' });
    },
  });
  const record = readRecord(storedRecord({ storage: stored.map((name) => storedEntry(name)) }), SEAL_KEY);
  assert.ok(record?.isTrusted);
  const { spec } = record.object;
  const context = {
    pipelines,
    drivers: { driver: ({ name }: BackendName) => driver(name) },
    health: {
      problem: ({ name }: BackendName) =>
        notReady.includes(name) ? ({ reason: 'BackendUnavailable', message: 'down' } as const) : undefined,
    },
  };
  const run = runTarget({ ...spec, ...spec.runRef, namespace: 'team-a' }, record.policy);
  const work = { record, artifacts: [artifact], run };
  const whole = await wholeArtifacts(context, work, new AbortController().signal).catch((error: unknown) => {
    if (error instanceof StorageError) return error;
    throw error;
  });
  return { whole, asked };
}

describe('wholeArtifacts', () => {
  it('asks no backend for what the record holds', async () => {
    const { whole, asked } = await fetched({ answers: {}, artifact: { ...lighter, payload: packed } });
    assert.ok(!(whole instanceof StorageError));
    assert.deepEqual([whole[0]?.payload, asked], [payload, []]);
  });

  it('fetches a dropped payload from the first place that has it', async () => {
    const { whole, asked } = await fetched({ answers: { first: payload, second: lost } });
    assert.ok(!(whole instanceof StorageError));
    assert.deepEqual([whole[0]?.payload, asked], [payload, [at('first').uri]]);
    assert.equal(whole[0]?.signature.toString('base64'), lighter.signature);
  });

  const others: readonly (readonly [what: string, first: Given])[] = [
    ['has lost it', { answers: { first: lost, second: payload } }],
    ['gives back something else', { answers: { first: Buffer.from('{"predicate":{"n":2}}'), second: payload } }],
    ['is gone', { answers: { second: payload } }],
    ['is not ready, which is not asked', { answers: { first: payload, second: payload }, notReady: ['first'] }],
  ];
  for (const [what, given] of others) {
    it(`goes on to the next backend where one ${what}`, async () => {
      const { whole, asked } = await fetched(given);
      assert.ok(!(whole instanceof StorageError));
      assert.deepEqual(whole[0]?.payload, payload);
      assert.equal(asked.at(-1), at('second').uri);
    });
  }

  it('fetches it from a backend that was filled later', async () => {
    const { whole } = await fetched({ answers: { first: lost, second: lost, third: payload }, stored: ['third'] });
    assert.ok(!(whole instanceof StorageError));
    assert.deepEqual(whole[0]?.payload, payload);
  });

  it('fails with the last reason where no backend gives it back, and takes nothing else in its place', async () => {
    const { whole } = await fetched({ answers: { first: lost, second: Buffer.from('{}') } });
    assert.ok(whole instanceof StorageError);
    assert.equal(whole.reason, 'BackendRejected');
    assert.equal(
      whole.message,
      'the record dropped the payload of attestation once it was stored, and no backend gives it back: s3://second/attestation holds something other than what was signed; restore it there, nothing is signed again',
    );
  });
});
