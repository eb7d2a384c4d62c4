// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signatureText } from '../evidence/signature-text.ts';
import type { SignedArtifact } from '../evidence/signed-artifact.ts';
import type { RunTarget, StorageDriver, StoredEvidence } from './driver.ts';
import { StorageError } from './storage-error.ts';

/** What a driver's test gives the contract: its real server. */
export interface ContractSubject {
  driver(): StorageDriver;
  /** Runs the work while the server cannot be reached. */
  whileUnreachable(work: () => Promise<void>): Promise<void>;
  /** A fresh run and two artifacts of it, signed: what they are stored on exists. */
  fixture(): Promise<{ run: RunTarget; attestation: SignedArtifact; image: SignedArtifact }>;
  /** Everything the server holds of a run's evidence, in a stable order: equal texts mean nothing changed. */
  contents(run: RunTarget, artifact: SignedArtifact): Promise<string>;
}

const never = new AbortController().signal;

/** The reason of the StorageError that a promise rejects with. */
async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof StorageError, String(error));
  return error.reason;
}

function expected(artifact: SignedArtifact): StoredEvidence {
  return { payload: artifact.payload, signature: signatureText(artifact), encoding: 'SignatureText' };
}

/** What every storage driver does, whatever it stores in. */
export function describeStorageDriver(name: string, subject: ContractSubject): void {
  describe(`${name}, as every storage driver,`, () => {
    it('gives back what was put', async () => {
      const { run, attestation, image } = await subject.fixture();
      const driver = subject.driver();
      for (const artifact of [attestation, image]) {
        const locations = await driver.put(artifact, run, never);
        assert.ok(locations.length > 0);
        for (const location of locations) {
          assert.deepEqual(await driver.get(location, never, run), expected(artifact));
        }
      }
      await driver.close();
    });

    it('changes nothing when the same is put again', async () => {
      const { run, attestation, image } = await subject.fixture();
      for (const artifact of [attestation, image]) {
        const first = await subject.driver().put(artifact, run, never);
        const before = await subject.contents(run, artifact);
        assert.deepEqual(await subject.driver().put(artifact, run, never), first);
        assert.equal(await subject.contents(run, artifact), before);
      }
    });

    it('stores once what is put many times at once', async () => {
      const { run, attestation } = await subject.fixture();
      const drivers = Array.from({ length: 6 }, () => subject.driver());
      const all = await Promise.all(drivers.map((driver) => driver.put(attestation, run, never)));
      const contents = await subject.contents(run, attestation);
      const [first] = all;
      for (const locations of all) assert.deepEqual(locations, first);
      await subject.driver().put(attestation, run, never);
      assert.equal(await subject.contents(run, attestation), contents);
    });

    it('loses none of the artifacts that are put at once', async () => {
      const { run, attestation, image } = await subject.fixture();
      const driver = subject.driver();
      const stored = await Promise.all(
        [attestation, image].map(async (artifact) => ({ artifact, locations: await driver.put(artifact, run, never) })),
      );
      for (const { artifact, locations } of stored) {
        for (const location of locations) {
          assert.deepEqual(await driver.get(location, never, run), expected(artifact));
        }
      }
    });

    it('is ready when its server answers', async () => {
      assert.deepEqual(await subject.driver().probe(never), { ready: true });
    });

    it('says BackendUnavailable when its server does not, and stores once it is back', async () => {
      const { run, attestation } = await subject.fixture();
      const driver = subject.driver();
      await subject.whileUnreachable(async () => {
        assert.equal(await reasonOf(driver.put(attestation, run, never)), 'BackendUnavailable');
      });
      const [location] = await driver.put(attestation, run, never);
      assert.ok(location);
      await subject.whileUnreachable(async () => {
        assert.equal(await reasonOf(driver.get(location, never, run)), 'BackendUnavailable');
      });
      assert.deepEqual(await driver.get(location, never, run), expected(attestation));
    });

    it('rejects with the reason of an abort', async () => {
      const { run, attestation } = await subject.fixture();
      const reason = new Error('stopping');
      const aborted = AbortSignal.abort(reason);
      const driver = subject.driver();
      await assert.rejects(driver.put(attestation, run, aborted), reason);
      await assert.rejects(driver.probe(aborted), reason);
      const [location] = await driver.put(attestation, run, never);
      assert.ok(location);
      await assert.rejects(driver.get(location, aborted, run), reason);
      const controller = new AbortController();
      const midway = driver.put(attestation, run, controller.signal);
      controller.abort(reason);
      await assert.rejects(midway, reason);
    });

    it('refuses a location that it never gave', async () => {
      const { run } = await subject.fixture();
      assert.equal(await reasonOf(subject.driver().get({ uri: 'file:///etc/passwd' }, never, run)), 'BackendRejected');
    });
  });
}
