// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { artifactFixture } from '../../../evidence/artifact.fixture.ts';
import type { RecordedArtifact, SignedArtifact } from '../../../evidence/artifact.ts';
import { TransparencyError } from '../../../transparency/transparency-error.ts';
import { witnessArtifacts, type WitnessOutcome } from './witness-artifacts.ts';
import type { Witnesses } from '../../policy-services/policy-witnesses.ts';

const never = new AbortController().signal;
const url = 'https://witness.example';

function artifact(name: string, more: Partial<SignedArtifact> = {}): RecordedArtifact {
  return artifactFixture({ name, ...more });
}

interface Given {
  readonly apiVersion?: 1 | 2;
  readonly onFailure?: 'Retry' | 'StoreWithout';
  readonly time?: string;
  readonly logFails?: (name: string) => boolean;
}

const certificate = {
  chain: 'pem',
  identity: 'me',
  issuer: 'us',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2026-01-01T00:10:00Z',
};

function witnesses(given: Given = {}): { readonly of: Witnesses; readonly calls: string[] } {
  const { apiVersion = 1, onFailure = 'Retry', time = '2026-01-01T00:01:00Z', logFails = () => false } = given;
  const calls: string[] = [];
  const of: Witnesses = {
    transparency: { rekor: { url, apiVersion, onFailure }, timestampAuthorities: [{ url }] },
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

/** The outcome, and the progress written down on the way. */
async function witnessed(
  artifacts: readonly RecordedArtifact[],
  of: Witnesses,
  signal = never,
): Promise<WitnessOutcome & { readonly kept: readonly (readonly RecordedArtifact[])[] }> {
  const kept: (readonly RecordedArtifact[])[] = [];
  const keep = (seen: readonly RecordedArtifact[]): Promise<void> => {
    kept.push(seen);
    return Promise.resolve();
  };
  return { ...(await witnessArtifacts(artifacts, { witnesses: of, keep }, signal)), kept };
}

const isLogged = ({ logEntries }: RecordedArtifact): boolean => logEntries !== undefined;

describe('witnessArtifacts', () => {
  it('checks the lease before each artifact, and before the log after a slow timestamp authority', async () => {
    for (const [lastGrant, expected] of [
      [0, []],
      [1, ['timestamp one']],
      [2, ['timestamp one', 'log one']],
    ] as const) {
      const { of, calls } = witnesses();
      let asked = 0;
      const fence = (): void => {
        asked += 1;
        if (asked > lastGrant) throw new Error('this replica does not lead any more');
      };
      const witnessing = { witnesses: of, fence, keep: () => Promise.resolve() };
      const outcome = witnessArtifacts([artifact('one'), artifact('two')], witnessing, never);
      await assert.rejects(outcome, /does not lead/);
      assert.deepEqual(calls, expected);
    }
  });

  it('asks timestamp authorities first and the log last, so that a failed attempt leaves no entry behind', async () => {
    const { of, calls } = witnesses();
    const { artifacts, problem } = await witnessed([artifact('attestation')], of);
    assert.equal(problem, undefined);
    assert.deepEqual(calls, ['timestamp attestation', 'log attestation']);
    assert.equal(artifacts[0]?.logEntries?.[0]?.logIndex, '7');
    assert.equal(artifacts[0].timestamps?.length, 1);
  });

  it('asks no witness a second time', async () => {
    const { of } = witnesses();
    const first = await witnessed([artifact('attestation')], of);
    const again = witnesses();
    assert.deepEqual((await witnessed(first.artifacts, again.of)).artifacts, first.artifacts);
    assert.deepEqual(again.calls, []);
  });

  it('keeps results from before a failure, and leaves the rest as it was', async () => {
    const { of } = witnesses({ logFails: (name) => name === 'image-1' });
    const given = [artifact('attestation'), artifact('image-1'), artifact('image-2')];
    const outcome = await witnessed(given, of);
    assert.deepEqual(outcome.problem, { reason: 'TransparencyLogUnavailable', message: `${url} is down` });
    assert.equal(outcome.retryAfterSeconds, 9);
    assert.deepEqual(outcome.artifacts.map(isLogged), [true, false, false]);
    assert.deepEqual(outcome.artifacts.slice(2), given.slice(2));
  });

  it('records each entry of a tiled log before the next, and those of the other log at the end', async () => {
    const given = ['attestation', 'image-1', 'image-2'].map((name) => artifact(name));
    const tiled = await witnessed(given, witnesses({ apiVersion: 2 }).of);
    assert.deepEqual(
      tiled.kept.map((artifacts) => artifacts.map(isLogged)),
      [
        [true, false, false],
        [true, true, false],
        [true, true, true],
      ],
    );
    assert.deepEqual((await witnessed(given, witnesses().of)).kept, []);
  });

  const certified = (name: string): RecordedArtifact => artifact(name, { certificate });
  const down = (): boolean => true;
  const rows: readonly (readonly [what: string, given: RecordedArtifact, apiVersion: 1 | 2, keeps: boolean])[] = [
    ['of a key', artifact('attestation'), 1, true],
    ['of a certificate, before a log without a clock', certified('attestation'), 2, true],
    ['of a certificate, before a log that has to see it in time, too', certified('attestation'), 1, false],
  ];
  for (const [what, given, apiVersion, keeps] of rows) {
    it(`${keeps ? 'keeps' : 'drops'} the timestamps ${what} while the log is down`, async () => {
      const first = await witnessed([given], witnesses({ apiVersion, logFails: down }).of);
      assert.equal(first.problem?.reason, 'TransparencyLogUnavailable');
      assert.equal(first.artifacts[0]?.timestamps?.length, keeps ? 1 : undefined);
      const { of, calls } = witnesses({ apiVersion });
      const later = await witnessed(first.artifacts, of);
      assert.deepEqual(calls, [...(keeps ? [] : ['timestamp attestation']), 'log attestation']);
      assert.deepEqual([later.artifacts[0]?.timestamps?.length, later.artifacts.map(isLogged)], [1, [true]]);
    });
  }

  it('continues without the log where the policy allows it, and records why', async () => {
    const { of } = witnesses({ onFailure: 'StoreWithout', logFails: () => true });
    const { artifacts, problem } = await witnessed([artifact('attestation')], of);
    assert.equal(problem, undefined);
    assert.equal(artifacts[0]?.logFailure, `${url} is down`);
    assert.equal(artifacts[0].logEntries, undefined);
    assert.equal(artifacts[0].timestamps?.length, 1);
  });

  it('does not count a witness that saw the signature after the certificate ended', async () => {
    const late = witnesses({ time: '2026-01-01T00:10:01Z' });
    const given = artifact('attestation', { certificate });
    const outcome = await witnessed([given], late.of);
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
    await assert.rejects(witnessed([artifact('attestation')], aborting, stop.signal), /stopped/);
  });
});
