// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import { packPayload } from '../../evidence/packed-payload.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { TransparencyError } from '../../transparency/transparency-error.ts';
import { witnessArtifacts, type Witnesses } from './witness-artifacts.ts';

const never = new AbortController().signal;
const url = 'https://witness.example';
const payload = Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [] }));

function artifact(name: string, more: Partial<EvidenceArtifact> = {}): EvidenceArtifact {
  return {
    name,
    type: 'Attestation',
    form: 'InTotoStatement',
    payloadType: 'application/vnd.in-toto+json',
    payload: packPayload(payload),
    payloadDigest: payloadDigest(payload),
    subjectCount: 0,
    policyGeneration: 1,
    signature: 'c2ln',
    keyID: 'id',
    publicKey: 'pem',
    ...more,
  };
}

interface Given {
  readonly onFailure?: 'Retry' | 'StoreWithout';
  readonly time?: string;
  readonly logFails?: (name: string) => boolean;
}

function witnesses({ onFailure = 'Retry', time = '2026-01-01T00:01:00Z', logFails = () => false }: Given = {}): {
  readonly of: Witnesses;
  readonly calls: string[];
} {
  const calls: string[] = [];
  const of: Witnesses = {
    transparency: { rekor: { url, apiVersion: 1, onFailure }, timestampAuthorities: [{ url }] },
    timestamps: ({ name }) => {
      calls.push(`timestamp ${name}`);
      return Promise.resolve([{ url, time, token: 'dG9rZW4=' }]);
    },
    logEntry: ({ name }) => {
      calls.push(`log ${name}`);
      if (logFails(name)) {
        const wait = { retryAfterSeconds: 9 };
        return Promise.reject(new TransparencyError('TransparencyLogUnavailable', `${url} is down`, wait));
      }
      return Promise.resolve({ url, logIndex: '7', entry: '{}' });
    },
  };
  return { of, calls };
}

describe('witnessArtifacts', () => {
  it('asks the clocks first and the log last, so that an attempt that fails leaves no entry behind', async () => {
    const { of, calls } = witnesses();
    const { artifacts, problem } = await witnessArtifacts([artifact('attestation')], of, never);
    assert.equal(problem, undefined);
    assert.deepEqual(calls, ['timestamp attestation', 'log attestation']);
    assert.equal(artifacts[0]?.logEntries?.[0]?.logIndex, '7');
    assert.equal(artifacts[0].timestamps?.length, 1);
  });

  it('asks for nothing a second time', async () => {
    const { of } = witnesses();
    const first = await witnessArtifacts([artifact('attestation')], of, never);
    const again = witnesses();
    assert.deepEqual((await witnessArtifacts(first.artifacts, again.of, never)).artifacts, first.artifacts);
    assert.deepEqual(again.calls, []);
  });

  it('keeps what was witnessed before a failure, and leaves the rest as it was', async () => {
    const { of } = witnesses({ logFails: (name) => name === 'image-1' });
    const given = [artifact('attestation'), artifact('image-1'), artifact('image-2')];
    const outcome = await witnessArtifacts(given, of, never);
    assert.deepEqual(outcome.problem, { reason: 'TransparencyLogUnavailable', message: `${url} is down` });
    assert.equal(outcome.retryAfterSeconds, 9);
    assert.ok(outcome.artifacts[0]?.logEntries);
    assert.deepEqual(outcome.artifacts.slice(1), given.slice(1));
  });

  it('goes on without the log where the policy says so, and notes why', async () => {
    const { of } = witnesses({ onFailure: 'StoreWithout', logFails: () => true });
    const { artifacts, problem } = await witnessArtifacts([artifact('attestation')], of, never);
    assert.equal(problem, undefined);
    assert.equal(artifacts[0]?.logFailure, `${url} is down`);
    assert.equal(artifacts[0].logEntries, undefined);
    assert.equal(artifacts[0].timestamps?.length, 1);
  });

  it('does not count what was seen after the certificate ended', async () => {
    const certificate = {
      chain: 'pem',
      identity: 'me',
      issuer: 'us',
      notBefore: '2026-01-01T00:00:00Z',
      notAfter: '2026-01-01T00:10:00Z',
    };
    const late = witnesses({ time: '2026-01-01T00:10:01Z' });
    const given = artifact('attestation', { certificate });
    const outcome = await witnessArtifacts([given], late.of, never);
    assert.equal(outcome.problem?.reason, 'VerificationFailed');
    assert.deepEqual(outcome.artifacts, [given]);
  });

  it('lets an abort through', async () => {
    const stop = new AbortController();
    const { of } = witnesses();
    const aborting: Witnesses = {
      ...of,
      timestamps: () => {
        stop.abort(new Error('stopped'));
        return Promise.reject(new TransparencyError('TimestampAuthorityUnavailable', 'cut off'));
      },
    };
    await assert.rejects(witnessArtifacts([artifact('attestation')], aborting, stop.signal), /stopped/);
  });
});
