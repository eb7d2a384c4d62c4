// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signatureText } from '../../src/evidence/signature-text.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { keyless } from './cloud-bed.ts';
import type { Evidence } from './cloud-bed.ts';
import { failureOf } from './failure-of.ts';
import type { RunTarget } from '../../src/storage/run-target.ts';

/** A store that files evidence under names, on its real server. */
export interface NamedStoreSubject {
  driver(keys?: 'Reference' | 'PerPolicy'): StorageDriver;
  fixture(more?: Partial<RunTarget>): Promise<Evidence>;
  /** Another signature of the same payload, by the same key. */
  signedAgain(artifact: SignedArtifact): Promise<SignedArtifact>;
  /** Everything the server holds under the names of an artifact. */
  contents(run: RunTarget, artifact: SignedArtifact): Promise<string>;
  /** Content that another tool left under the names of an artifact, without an owner. */
  plant(run: RunTarget, artifact: SignedArtifact, content: SignedArtifact): Promise<void>;
}

const never = new AbortController().signal;

function ofPolicy(run: RunTarget, name: string): RunTarget {
  return { ...run, policy: { ...run.policy, name } };
}

/** Checks that a store never overwrites the evidence of another owner under the same name. */
export function describeNamedStore(title: string, subject: NamedStoreSubject): void {
  describe(`${title}, as every store of named evidence,`, () => {
    it('keeps what another policy stored under the name, and stores under another with PerPolicy', async () => {
      const { run, attestation } = await subject.fixture();
      const other = await subject.signedAgain(attestation);
      await subject.driver().put(attestation, run, never);
      const before = await subject.contents(run, attestation);
      const error = await failureOf(subject.driver().put(other, ofPolicy(run, 'other'), never));
      assert.equal(error.reason, 'KeyConflict');
      assert.match(error.message, /PerPolicy/);
      assert.equal(await subject.contents(run, attestation), before);
      const driver = subject.driver('PerPolicy');
      for (const [artifact, name] of [
        [attestation, 'builds'],
        [other, 'other'],
      ] as const) {
        const [location] = await driver.put(artifact, ofPolicy(run, name), never);
        assert.ok(location);
        assert.deepEqual((await driver.get(location, never)).signature, signatureText(artifact));
      }
    });

    it('lets one of two policies have the name that both write at once', async () => {
      const { run, attestation } = await subject.fixture();
      const names = ['a', 'b', 'c', 'd'];
      const outcomes = await Promise.allSettled(
        names.map(async (name) =>
          subject.driver().put(await subject.signedAgain(attestation), ofPolicy(run, name), never),
        ),
      );
      const stored = outcomes.filter(({ status }) => status === 'fulfilled');
      assert.equal(stored.length, 1, JSON.stringify(outcomes));
    });

    it('replaces what the same policy stored of the same run before', async () => {
      const { run, attestation } = await subject.fixture();
      const again = await subject.signedAgain(attestation);
      await subject.driver().put(attestation, run, never);
      const [location] = await subject.driver().put(again, run, never);
      assert.ok(location);
      assert.deepEqual((await subject.driver().get(location, never)).signature, signatureText(again));
    });

    it('keeps what another tool left under the name, unless it is the very same', async () => {
      const { run, attestation } = await subject.fixture();
      const foreign = await subject.signedAgain(attestation);
      await subject.plant(run, attestation, foreign);
      const before = await subject.contents(run, attestation);
      assert.equal((await failureOf(subject.driver().put(attestation, run, never))).reason, 'KeyConflict');
      assert.equal(await subject.contents(run, attestation), before);
      assert.equal((await subject.driver().put(foreign, run, never)).length, 1);
    });

    it('keeps a certificate and its chain with a keyless signature', async () => {
      const { run, image } = await subject.fixture();
      const artifact = keyless(image);
      const driver = subject.driver();
      const [location] = await driver.put(artifact, run, never);
      assert.ok(location);
      const { certificateChain } = await driver.get(location, never);
      assert.equal(certificateChain, artifact.certificate.chain);
    });
  });
}
