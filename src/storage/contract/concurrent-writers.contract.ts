// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { ContractSubject } from './driver.contract.ts';
import { readBack } from './read-back.contract.ts';
import { reasonOf } from '../reason-of.fixture.ts';
import type { RunTarget } from '../run-target.ts';

const never = new AbortController().signal;

interface TwoPolicies {
  readonly mine: { readonly run: RunTarget; readonly artifact: SignedArtifact };
  readonly theirs: { readonly run: RunTarget; readonly artifact: SignedArtifact };
}

/** Two policies whose signatures of the same run differ. */
async function twoPolicies(subject: ContractSubject): Promise<TwoPolicies> {
  const { run, attestation } = await subject.fixture();
  const other = await subject.fixture();
  const policy = { ...run.policy, name: 'another-policy' };
  return {
    mine: { run, artifact: attestation },
    theirs: { run: { ...run, policy }, artifact: other.attestation },
  };
}

/** The outcome when two policies store evidence of one run. */
export function describeConcurrentWriters(subject: ContractSubject): void {
  if (subject.concurrentWriters === 'ByRecords') return;
  if (subject.concurrentWriters === 'Both') {
    it("keeps two policies' evidence of one run", async () => {
      const { mine, theirs } = await twoPolicies(subject);
      await keepsEach([mine, theirs], subject);
    });
  } else {
    it("never writes over another policy's evidence of the run: KeyConflict, concurrently and repeatedly", async () => {
      const { mine, theirs } = await twoPolicies(subject);
      const [location] = await subject.driver().put(mine.artifact, mine.run, never);
      assert.ok(location);
      const before = await subject.contents(mine.run, mine.artifact);
      for (const driver of [subject.driver(), subject.driver()]) {
        assert.equal(await reasonOf(driver.put(theirs.artifact, theirs.run, never)), 'KeyConflict');
      }
      assert.equal(await subject.contents(mine.run, mine.artifact), before);
      assert.deepEqual(await subject.driver().get(location, never, mine.run), readBack(subject, mine.artifact));
    });

    it('lets exactly one of two concurrent policies store its evidence, complete', async () => {
      const { mine, theirs } = await twoPolicies(subject);
      const results = await Promise.allSettled(
        [mine, theirs].map(({ artifact, run }) => subject.driver().put(artifact, run, never)),
      );
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      const winner = results[0]?.status === 'fulfilled' ? mine : theirs;
      const [location] = await subject.driver().put(winner.artifact, winner.run, never);
      assert.ok(location);
      assert.deepEqual(await subject.driver().get(location, never, winner.run), readBack(subject, winner.artifact));
    });
  }

  const { perPolicy } = subject;
  if (perPolicy === undefined) return;
  it("keeps both policies' evidence with keys: PerPolicy", async () => {
    const { mine, theirs } = await twoPolicies(subject);
    await keepsEach([mine, theirs], { ...subject, driver: perPolicy });
  });
}

async function keepsEach(pieces: readonly TwoPolicies['mine'][], subject: ContractSubject): Promise<void> {
  const stored = [];
  for (const { artifact, run } of pieces) {
    stored.push({ artifact, run, locations: await subject.driver().put(artifact, run, never) });
  }
  for (const { artifact, run, locations } of stored) {
    for (const location of locations) {
      assert.deepEqual(await subject.driver().get(location, never, run), readBack(subject, artifact));
    }
  }
}
