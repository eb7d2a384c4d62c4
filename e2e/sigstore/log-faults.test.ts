// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { LogEntry, SignedArtifact } from '../../src/evidence/artifact.ts';
import { at } from '../chart/helm.ts';
import type { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { Fault, ProxiedAnswer } from '../testbed/fault-proxy/fault.ts';
import { RekorV1, RekorV2 } from '../testbed/index.ts';
import { keySigner, never, SigstoreBed, transparencyError } from './sigstore-bed.ts';

let bed: SigstoreBed;

before(async () => {
  bed = await SigstoreBed.start({ rekorV1: true, rekorV2: true });
});
after(() => bed.stop());

/** A change that makes an answer false: to its JSON, or to a text in it. */
type Lie = (answer: Record<string, unknown>, other: Record<string, unknown>) => unknown;

interface LogCase {
  readonly version: 1 | 2;
  readonly server: () => RekorV1 | RekorV2;
  /** Another log, which no trusted root lists. */
  readonly stranger: () => Promise<RekorV1 | RekorV2>;
  readonly lies: Readonly<Record<string, Lie>>;
}

/** The one entry of an answer of version 1. */
function only(answer: Record<string, unknown>): Record<string, unknown> {
  const [entry] = Object.values(answer);
  return record(entry);
}

function record(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null);
  return Object.fromEntries(Object.entries(value));
}

function withProof(entry: Record<string, unknown>, change: object): Record<string, unknown> {
  const verification = record(entry['verification']);
  const inclusionProof = { ...record(verification['inclusionProof']), ...change };
  return { ...entry, verification: { ...verification, inclusionProof } };
}

const SIGNATURE = /.{12}\n$/;

const cases: readonly LogCase[] = [
  {
    version: 1,
    server: () => bed.stack.rekorV1,
    stranger: () => RekorV1.start(bed.supervisor),
    lies: {
      'the entry of something else': (_answer, other) => other,
      'another time': (answer) => ({ a: { ...only(answer), integratedTime: 1_700_000_000 } }),
      'a promise that is not signed': (answer) => {
        const entry = only(answer);
        const verification = { ...record(entry['verification']), signedEntryTimestamp: 'AAAA' };
        return { a: { ...entry, verification } };
      },
      'a checkpoint that is not signed': (answer) => {
        const checkpoint = String(at(only(answer), 'verification', 'inclusionProof', 'checkpoint'));
        return { a: withProof(only(answer), { checkpoint: checkpoint.replace(SIGNATURE, 'AAAAAAAAAAAA\n') }) };
      },
      'a proof of another place': (answer) => ({ a: withProof(only(answer), { logIndex: 0, hashes: [] }) }),
      'another body': (answer, other) => ({ a: { ...only(answer), body: only(other)['body'] } }),
      'neither promise nor proof': (answer) => ({ a: { ...only(answer), verification: {} } }),
      'two entries': (answer, other) => ({ a: only(answer), b: only(other) }),
      'no entry': () => ({}),
    },
  },
  {
    version: 2,
    server: () => bed.stack.rekorV2,
    stranger: () => RekorV2.start(bed.supervisor),
    lies: {
      'the entry of something else': (_answer, other) => other,
      'a checkpoint that is not signed': (answer) => {
        const proof = record(answer['inclusionProof']);
        const envelope = String(at(proof, 'checkpoint', 'envelope')).replace(SIGNATURE, 'AAAAAAAAAAAA\n');
        return { ...answer, inclusionProof: { ...proof, checkpoint: { envelope } } };
      },
      'a proof of another place': (answer) => {
        return { ...answer, inclusionProof: { ...record(answer['inclusionProof']), logIndex: '0', hashes: [] } };
      },
      'another body': (answer, other) => ({ ...answer, canonicalizedBody: other['canonicalizedBody'] }),
      'a time that nothing vouches for': (answer) => ({
        ...answer,
        integratedTime: '1700000000',
        inclusionPromise: { signedEntryTimestamp: 'AAAA' },
      }),
      'no proof': (answer) => ({ ...answer, inclusionProof: null }),
      'no entry': () => ({}),
    },
  },
];

for (const { version, server, stranger, lies } of cases) {
  describe(`with Rekor v${version} behaving badly, a witness`, () => {
    let proxy: FaultProxy;
    let context: ReturnType<SigstoreBed['context']>;
    before(async () => {
      proxy = await bed.proxy(server().url);
      context = bed.context({ proxies: [proxy] });
    });
    afterEach(() => {
      proxy.heal();
    });

    const testify = (artifact: SignedArtifact, signal = never): Promise<LogEntry> =>
      bed.log(version, { url: proxy.url }, context).testify(artifact, bed.trustedRoot, signal);

    const failures: readonly Fault[] = [
      { type: 'Status', status: 500 },
      { type: 'Status', status: 400, body: 'planted-text-of-the-log' },
      { type: 'Garbage' },
      { type: 'Endless' },
      { type: 'Truncated' },
      { type: 'Halved' },
      { type: 'RedirectLoop' },
      { type: 'Redirect', location: 'http://169.254.169.254/latest' },
      { type: 'Reset' },
    ];
    for (const fault of failures) {
      const what = 'status' in fault ? `${fault.type} ${fault.status}` : fault.type;
      it(`waits for it to come back: ${what}`, async () => {
        proxy.fail(fault);
        const { reason, message } = await transparencyError(testify(await bed.signed('InTotoStatement')));
        assert.equal(reason, 'TransparencyLogUnavailable');
        assert.ok(message.includes(proxy.url), message);
        assert.doesNotMatch(message, /planted-text/);
      });
    }

    for (const [status, meaning] of [
      [403, /denies access to the operator/],
      [404, /check its URL and API version/],
      [422, /refuses this signature/],
      [502, /^the log \S+ failed: /],
    ] as const) {
      it(`says what ${status} means`, async () => {
        proxy.fail({ type: 'Status', status });
        assert.match((await transparencyError(testify(await bed.signed('InTotoStatement')))).message, meaning);
      });
    }

    it('waits as long as Retry-After asks', async () => {
      proxy.fail({ type: 'Status', status: 429, headers: { 'retry-after': '7' } });
      const error = await transparencyError(testify(await bed.signed('InTotoStatement')));
      assert.equal(error.retryAfterSeconds, 7);
    });

    it('gives up when the call is aborted, though the log does not answer', async () => {
      proxy.fail({ type: 'Hang' });
      const why = new Error('enough');
      const giveUp = new AbortController();
      const asked = testify(await bed.signed('InTotoStatement'), giveUp.signal);
      giveUp.abort(why);
      await assert.rejects(asked, (error) => error === why);
    });

    it('takes a slow answer', async () => {
      proxy.fail({ type: 'Slow', milliseconds: 300 });
      assert.match((await testify(await bed.signed('SimpleSigning'))).logIndex, /^\d+$/);
    });

    for (const [what, lie] of Object.entries(lies)) {
      it(`is not taken in by ${what}`, async () => {
        const other = await answered(proxy, async () => testify(await bed.signed('InTotoStatement')));
        proxy.fail({ type: 'Rewrite', rewrite: (answer) => changed(answer, lie, other) });
        const { reason } = await transparencyError(testify(await bed.signed('InTotoStatement')));
        assert.ok(['VerificationFailed', 'TransparencyLogUnavailable'].includes(reason), reason);
      });
    }

    it('believes no entry that another key signed, though the signature is the same', async () => {
      const signer = keySigner();
      const artifact = await bed.signed('SimpleSigning', signer);
      const testimony = await testify(artifact);
      const impostor = { ...artifact, publicKey: keySigner().publicKey, logEntries: [testimony] };
      const { reason } = await transparencyError(testify(impostor));
      assert.equal(reason, 'TransparencyLogUnavailable');
    });

    it('believes no log that is not in the trusted root', async () => {
      const { url, server: other } = await stranger();
      const open = bed.context({ hosts: [other.host] });
      const testimony = bed
        .log(version, { url }, open)
        .testify(await bed.signed('InTotoStatement'), bed.trustedRoot, never);
      assert.equal((await transparencyError(testimony)).reason, 'VerificationFailed');
      await other.down();
    });

    it('waits while it is down, and goes on with the same log when it is back', async () => {
      const artifact = await bed.signed('InTotoStatement');
      const straight = (): Promise<LogEntry> => bed.log(version).testify(artifact, bed.trustedRoot, never);
      const before = await bed.log(version).testify(await bed.signed('InTotoStatement'), bed.trustedRoot, never);
      await server().server.down();
      assert.equal((await transparencyError(straight())).reason, 'TransparencyLogUnavailable');
      await server().server.up();
      assert.ok(BigInt((await straight()).logIndex) > BigInt(before.logIndex));
    });
  });
}

/** The log's true answers during an action. */
async function answered(proxy: FaultProxy, work: () => Promise<unknown>): Promise<Record<string, unknown>> {
  let seen: Record<string, unknown> = {};
  const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => {
    seen = record(JSON.parse(answer.body.toString()));
    return answer;
  };
  proxy.fail({ type: 'Rewrite', rewrite });
  await work();
  proxy.heal();
  return seen;
}

function changed(answer: ProxiedAnswer, lie: Lie, other: Record<string, unknown>): ProxiedAnswer {
  const truth = record(JSON.parse(answer.body.toString()));
  return { ...answer, body: Buffer.from(JSON.stringify(lie(truth, other))) };
}
