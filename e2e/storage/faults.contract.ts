// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signatureText } from '../../src/evidence/signature-text.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import type { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { Fault } from '../testbed/fault-proxy/fault.ts';
import type { Evidence } from './cloud-bed.ts';
import { failureOf } from './failure-of.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

/** A store behind a proxy that makes things go wrong. */
export interface FaultySubject {
  proxy(): FaultProxy;
  /** Gives up on a `put` after `putTimeoutMs`. */
  driver(putTimeoutMs?: number): StorageDriver;
  fixture(): Promise<Evidence>;
  contents(run: RunTarget, artifact: SignedArtifact): Promise<string>;
  /** Secrets that must not appear in any message. */
  readonly secrets: readonly string[];
}

const never = new AbortController().signal;
const RUNS = 100;

const faults: readonly (readonly [string, Fault, readonly string[]])[] = [
  ['500', { type: 'Status', status: 500, body: 'planted text' }, ['BackendUnavailable']],
  ['503', { type: 'Status', status: 503 }, ['BackendUnavailable']],
  ['401', { type: 'Status', status: 401, body: 'planted text' }, ['BackendUnauthorized']],
  ['garbage', { type: 'Garbage' }, ['BackendUnavailable', 'BackendRejected']],
  ['an endless body', { type: 'Endless' }, ['BackendUnavailable', 'BackendRejected']],
  ['redirects in a circle', { type: 'RedirectLoop' }, ['BackendUnavailable', 'BackendRejected']],
  [
    'a redirect elsewhere',
    { type: 'Redirect', location: 'http://127.0.0.1:1/stolen' },
    ['BackendUnavailable', 'BackendRejected'],
  ],
  ['no connection', { type: 'Reset' }, ['BackendUnavailable']],
  ['silence', { type: 'Hang' }, ['BackendUnavailable']],
];

/** Whatever a server does, nothing is lost, nothing is stored twice, and it heals. */
export function describeFaults(title: string, subject: FaultySubject): void {
  describe(`${title}, when its server misbehaves,`, () => {
    for (const [name, fault, reasons] of faults) {
      it(`stores once it is over: ${name}`, async () => {
        const { run, attestation } = await subject.fixture();
        const driver = subject.driver(name === 'silence' ? 500 : undefined);
        subject.proxy().fail(fault);
        const error = await failureOf(driver.put(attestation, run, never)).finally(() => {
          subject.proxy().heal();
        });
        assert.ok(reasons.includes(error.reason), `${error.reason}: ${error.message}`);
        for (const secret of [...subject.secrets, 'planted', '?', attestation.signature.toString('base64')]) {
          assert.ok(!error.message.includes(secret), error.message);
        }
        await storedOnce(subject, run, attestation);
        await driver.close?.();
      });
    }

    it('ends a call that hangs when its caller gives up, with his reason', async () => {
      const { run, attestation } = await subject.fixture();
      const driver = subject.driver();
      const [location] = await driver.put(attestation, run, never);
      assert.ok(location);
      const calls: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
        (signal) => driver.put(attestation, run, signal),
        (signal) => driver.get(location, signal, run),
        (signal) => driver.probe(signal),
      ];
      for (const call of calls) {
        const stopping = new AbortController();
        const reason = new Error('stopping');
        // Only once the server has the request.
        subject.proxy().fail(
          { type: 'Hang' },
          {
            when: () => {
              setImmediate(() => {
                stopping.abort(reason);
              });
              return true;
            },
          },
        );
        await assert.rejects(call(stopping.signal), reason).finally(() => {
          subject.proxy().heal();
        });
      }
      await driver.close?.();
    });

    it('hands on how long a busy server wants to be left alone', async () => {
      const { run, attestation } = await subject.fixture();
      subject.proxy().fail({ type: 'Status', status: 429, headers: { 'retry-after': '17' } });
      const error = await failureOf(subject.driver().put(attestation, run, never)).finally(() => {
        subject.proxy().heal();
      });
      assert.equal(error.reason, 'BackendUnavailable');
      assert.equal(error.retryAfterSeconds, 17);
    });

    it('never takes half of what it reads for the whole', async () => {
      const { run, attestation } = await subject.fixture();
      const driver = subject.driver();
      const [location] = await driver.put(attestation, run, never);
      assert.ok(location);
      for (const type of ['Halved', 'Truncated', 'Garbage'] as const) {
        subject.proxy().fail({ type });
        const { reason } = await failureOf(driver.get(location, never, run)).finally(() => {
          subject.proxy().heal();
        });
        assert.ok(['BackendUnavailable', 'BackendRejected'].includes(reason), `${type}: ${reason}`);
      }
      assert.deepEqual((await driver.get(location, never, run)).signature, signatureText(attestation));
    });

    it('waits for a slow server', async () => {
      const { run, attestation } = await subject.fixture();
      subject.proxy().fail({ type: 'Slow', milliseconds: 300 });
      await subject
        .driver()
        .put(attestation, run, never)
        .finally(() => {
          subject.proxy().heal();
        });
      await storedOnce(subject, run, attestation);
    });

    it('holds no more memory after answers without end', async () => {
      const { run, attestation } = await subject.fixture();
      const driver = subject.driver();
      subject.proxy().fail({ type: 'Endless' });
      const pour = async (): Promise<number> => {
        for (let round = 0; round < 3; round += 1) await failureOf(driver.put(attestation, run, never));
        return process.memoryUsage().rss;
      };
      const before = await pour();
      const after = await pour().finally(() => {
        subject.proxy().heal();
      });
      assert.ok(after - before < 150_000_000, `${before} bytes before, ${after} after`);
    });

    it('loses nothing and stores nothing twice when the server goes in the middle of a hundred runs', async () => {
      const evidence = await Promise.all(Array.from({ length: RUNS }, () => subject.fixture()));
      // The time that a hundred at once take on a busy machine is not tested here.
      const driver = subject.driver(300_000);
      let seen = 0;
      subject.proxy().fail({ type: 'Reset' }, { when: () => (seen += 1) > RUNS });
      const first = await Promise.allSettled(
        evidence.map(({ run, attestation }) => driver.put(attestation, run, never)),
      );
      subject.proxy().heal();
      assert.ok(first.some(({ status }) => status === 'rejected'));
      const kept = await Promise.all(
        evidence.map(async ({ run, attestation }) => {
          const [location] = await driver.put(attestation, run, never);
          assert.ok(location);
          return (await driver.get(location, never)).signature.equals(signatureText(attestation));
        }),
      );
      assert.deepEqual(
        kept.filter((isKept) => !isKept),
        [],
      );
      for (const { run, attestation } of [evidence[0], evidence[RUNS - 1]].filter((one) => one !== undefined)) {
        await storedOnce(subject, run, attestation);
      }
      await driver.close?.();
    });
  });
}

/** Puts it, and shows that it is there as it is, and that putting it once more changes nothing. */
async function storedOnce(subject: FaultySubject, run: RunTarget, artifact: SignedArtifact): Promise<void> {
  const driver = subject.driver();
  const [location] = await driver.put(artifact, run, never);
  assert.ok(location);
  const before = await subject.contents(run, artifact);
  assert.deepEqual((await driver.get(location, never)).signature, signatureText(artifact));
  await driver.put(artifact, run, never);
  assert.equal(await subject.contents(run, artifact), before);
}
