// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { StorageDriver } from '../driver.ts';
import { describeInterruptions } from './interruptions.contract.ts';
import type { Interruption } from './interruptions.contract.ts';
import { describeConcurrentWriters } from './concurrent-writers.contract.ts';
import { describeProbe } from './probe.contract.ts';
import type { ProbeSituations } from './probe.contract.ts';
import { describeTogether } from './together.contract.ts';
import { describeReadBack, readBack } from './read-back.contract.ts';
import { reasonOf } from '../reason-of.fixture.ts';
import type { RunTarget } from '../run-target.ts';

/** A run and two signed artifacts of it. The images that they are about exist. */
export interface ContractFixture {
  readonly run: RunTarget;
  readonly attestation: SignedArtifact;
  readonly image: SignedArtifact;
}

/** A driver's test bed: its real server and the situations that exist for it. */
export interface ContractSubject {
  driver(): StorageDriver;
  /** Run the work while the server cannot be reached. */
  whileUnreachable(work: () => Promise<void>): Promise<void>;
  /** Make a new run for each call. */
  fixture(): Promise<ContractFixture>;
  /** The evidence of a run on the server, in a stable order: equal texts mean that nothing changed. */
  contents(run: RunTarget, artifact: SignedArtifact): Promise<string>;
  /** The number of copies of this artifact's evidence on the server. Absent for stores that deliver at least once (Kafka). */
  readonly copies?: (run: RunTarget, artifact: SignedArtifact) => Promise<number>;
  /**
   * A driver whose connection fails for good at its request number `request` (from 0): before the server gets the request (`Request`),
   * or after the server has acted on it (`Answer`). Absent like `copies`.
   */
  readonly interrupted?: (request: number, lost: 'Request' | 'Answer') => Promise<Interruption>;
  /** The encoding that `get` returns. Default `SignatureText`. */
  readonly encoding?: 'SignatureText' | 'SigstoreBundle';
  /** False if the store has no field for certificates (Grafeas, Archivista, and bundles, which contain the leaf). */
  readonly keepsCertificates?: boolean;
  /** True if witnesses are stored next to a signature (cosign's tags). Bundles contain them. */
  readonly keepsWitnesses?: boolean;
  /**
   * The outcome for two policies' evidence of one run. Stores with named objects keep the first and report KeyConflict (default). Stores
   * with a place for each piece (registries, content addresses, topics, notes per policy) keep both. `ByRecords`: the
   * operator's records decide which policy may write before the driver is called, which saves a read of the run (Tekton's annotations).
   */
  readonly concurrentWriters?: 'KeyConflict' | 'Both' | 'ByRecords';
  /** True if the driver writes and reads several artifacts of a run at once. */
  readonly storesTogether?: true;
  /** The same backend with `keys: PerPolicy`. Absent if the backend has no such option. */
  readonly perPolicy?: () => StorageDriver;
  /** An artifact above the store's own limit. Absent if that is above the limit of a record (1 MiB). */
  readonly oversized?: () => Promise<{ readonly run: RunTarget; readonly artifact: SignedArtifact }>;
  /** The situations that the probe distinguishes. */
  readonly probe?: ProbeSituations;
}

const never = new AbortController().signal;

/** The contract of every storage driver. */
export function describeStorageDriver(name: string, subject: ContractSubject): void {
  describe(`${name}, as every storage driver,`, () => {
    describeReadBack(subject);
    describeTogether(subject);
    describeRepetition(subject);
    describeInterruptions(subject);
    describeConcurrentWriters(subject);
    describeProbe(subject);
    describeEnds(subject);
  });
}

function describeRepetition(subject: ContractSubject): void {
  it('changes nothing when it stores the same artifact again', async () => {
    const { run, attestation, image } = await subject.fixture();
    for (const artifact of [attestation, image]) {
      const first = await subject.driver().put(artifact, run, never);
      const before = await subject.contents(run, artifact);
      assert.deepEqual(await subject.driver().put(artifact, run, never), first);
      assert.equal(await subject.contents(run, artifact), before);
    }
  });

  it('stores an artifact once after many concurrent puts', async () => {
    const { run, attestation } = await subject.fixture();
    const drivers = Array.from({ length: 6 }, () => subject.driver());
    const all = await Promise.all(drivers.map((driver) => driver.put(attestation, run, never)));
    const contents = await subject.contents(run, attestation);
    const [first] = all;
    for (const locations of all) assert.deepEqual(locations, first);
    await subject.driver().put(attestation, run, never);
    assert.equal(await subject.contents(run, attestation), contents);
    if (subject.copies !== undefined) assert.equal(await subject.copies(run, attestation), 1);
  });

  it('loses none of several concurrent artifacts', async () => {
    const { run, attestation, image } = await subject.fixture();
    const driver = subject.driver();
    const stored = await Promise.all(
      [attestation, image].map(async (artifact) => ({ artifact, locations: await driver.put(artifact, run, never) })),
    );
    for (const { artifact, locations } of stored) {
      for (const location of locations) {
        assert.deepEqual(await driver.get(location, never, run), readBack(subject, artifact));
      }
    }
  });
}

function describeEnds(subject: ContractSubject): void {
  it('reports BackendUnavailable while its server does not respond, and stores after that', async () => {
    const { run, attestation } = await subject.fixture();
    const driver = subject.driver();
    await subject.whileUnreachable(async () => {
      assert.equal(await reasonOf(driver.put(attestation, run, never)), 'BackendUnavailable');
    });
    // A driver may wait for some seconds after a failure of a server. A new driver has not seen the failure.
    const [location] = await subject.driver().put(attestation, run, never);
    assert.ok(location);
    await subject.whileUnreachable(async () => {
      assert.equal(await reasonOf(subject.driver().get(location, never, run)), 'BackendUnavailable');
    });
    assert.deepEqual(await subject.driver().get(location, never, run), readBack(subject, attestation));
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

  it('closes, used or not, and twice', async () => {
    const { run, attestation } = await subject.fixture();
    const unused = subject.driver();
    await unused.close?.();
    const used = subject.driver();
    await used.put(attestation, run, never);
    await used.close?.();
    await used.close?.();
  });

  const { oversized } = subject;
  if (oversized === undefined) return;
  it('reports BackendRejected, with the limit, for an artifact above the limit of the store', async () => {
    const { run, artifact } = await oversized();
    const before = await subject.contents(run, artifact);
    assert.equal(await reasonOf(subject.driver().put(artifact, run, never), /\d/), 'BackendRejected');
    assert.equal(await subject.contents(run, artifact), before);
  });
}
