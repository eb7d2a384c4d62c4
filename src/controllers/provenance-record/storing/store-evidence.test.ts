// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { artifactFixture, imageFixture } from '../../../evidence/artifact.fixture.ts';
import type { SignedArtifact } from '../../../evidence/artifact.ts';
import { ManualClock } from '../../../runtime/manual-clock.fixture.ts';
import type { StorageDriver } from '../../../storage/driver.ts';
import { StorageError } from '../../../storage/storage-error.ts';
import { storeEvidence, type StoreTask } from './store-evidence.ts';
import type { Location } from '../../../storage/stored-evidence.ts';

/*
 * The drivers have their own tests against real servers. Here a driver in memory shows the handling of its results: their order,
 * the work after a failure, and the work that is dropped once nothing may be written any more.
 */
type Put = (artifact: SignedArtifact) => Promise<readonly Location[]>;

const clock = new ManualClock(new Date('2025-03-01T00:00:00.123Z'));
const never = new AbortController().signal;

function artifact(name: string): SignedArtifact {
  return name === 'attestation' ? artifactFixture() : imageFixture({ name });
}

/** The task with a backend that also stores all artifacts at once. @returns the number of artifacts of each such write */
function together(
  { task: given }: { readonly task: StoreTask },
  answer: (artifacts: readonly SignedArtifact[]) => Promise<readonly (readonly Location[])[]>,
): { readonly task: StoreTask; readonly writes: number[] } {
  const writes: number[] = [];
  const putAll = (artifacts: readonly SignedArtifact[]): ReturnType<typeof answer> => {
    writes.push(artifacts.length);
    return answer(artifacts);
  };
  return { task: { ...given, driver: { ...given.driver, putAll } }, writes };
}

const storedTogether = (artifacts: readonly SignedArtifact[]): Promise<readonly (readonly Location[])[]> =>
  Promise.all(artifacts.map(stored));

function task(put: Put, fence: () => void = () => undefined): { task: StoreTask; puts: string[] } {
  const puts: string[] = [];
  const driver: StorageDriver = {
    probe: () => Promise.resolve({ ready: true }),
    get: () => Promise.reject(new Error('not asked for')),
    close: () => Promise.resolve(),
    put: (given) => {
      puts.push(given.name);
      return put(given);
    },
  };
  const run = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', namespace: 'n', name: 'r', uid: 'u' } as const;
  return {
    puts,
    task: {
      ref: { kind: 'StorageBackend', name: 'b' },
      driver,
      artifacts: [artifact('attestation'), artifact('image-1')],
      types: ['Attestation', 'ImageSignature'],
      run: {
        ...run,
        serviceAccountName: 'default',
        policy: { kind: 'SigningPolicy', namespace: 'n', name: 'builds' },
      },
      fence,
    },
  };
}

const stored: Put = ({ name }) => Promise.resolve([{ uri: `mem://${name}` }]);

/** Refuses one artifact and takes the others. */
function failing(name: string, error: StorageError): Put {
  return (given) => (given.name === name ? Promise.reject(error) : stored(given));
}

describe('storeEvidence', () => {
  it('stores the artifacts one after the other and reports types, locations and time', async () => {
    const { task: given, puts } = task(stored);
    const { fact, retry } = await storeEvidence(given, clock, never);
    assert.deepEqual(puts, ['attestation', 'image-1']);
    assert.equal(retry, undefined);
    assert.deepEqual(fact, {
      backendRef: { kind: 'StorageBackend', name: 'b' },
      state: 'Stored',
      artifacts: ['Attestation', 'ImageSignature'],
      locations: [
        { uri: 'mem://attestation', artifact: 'attestation' },
        { uri: 'mem://image-1', artifact: 'image-1' },
      ],
      storedTime: '2025-03-01T00:00:00Z',
    });
  });

  it('stops when the only server is down, and retries when the server asks for it', async () => {
    const { task: given, puts } = task(() =>
      Promise.reject(new StorageError('BackendUnavailable', 'down', { retryAfterSeconds: 7 })),
    );
    const { fact, retry } = await storeEvidence(given, clock, never);
    assert.deepEqual(puts, ['attestation']);
    assert.equal(fact.state, 'Pending');
    assert.deepEqual(fact.problem, { reason: 'BackendUnavailable', message: 'attestation: down' });
    assert.deepEqual(fact.missing, ['image-1', 'attestation']);
    assert.deepEqual(retry, { afterSeconds: 7 });
  });

  it('continues when one of many servers is down', async () => {
    const { task: given, puts } = task(failing('attestation', new StorageError('BackendUnavailable', 'down')));
    const driver = { ...given.driver, hasManyServers: true as const };
    const { fact } = await storeEvidence({ ...given, driver }, clock, never);
    assert.deepEqual(puts, ['attestation', 'image-1']);
    assert.deepEqual(fact.locations, [{ uri: 'mem://image-1', artifact: 'image-1' }]);
    assert.deepEqual([fact.state, fact.missing], ['Pending', ['attestation']]);
  });

  it('stores the others when one artifact fails, names it, and lists the locations', async () => {
    const rejected = new StorageError('BackendRejected', 'no such image', { locations: [{ uri: 'mem://part' }] });
    const { task: given } = task(failing('attestation', rejected));
    const { fact, retry } = await storeEvidence(given, clock, never);
    assert.deepEqual(fact, {
      backendRef: { kind: 'StorageBackend', name: 'b' },
      state: 'Pending',
      locations: [
        { uri: 'mem://part', artifact: 'attestation' },
        { uri: 'mem://image-1', artifact: 'image-1' },
      ],
      missing: ['attestation'],
      problem: { reason: 'BackendRejected', message: 'attestation: no such image' },
    });
    assert.deepEqual(retry, { afterSeconds: undefined });
  });

  it('retries only missing artifacts, and keeps the locations', async () => {
    const first = task(failing('attestation', new StorageError('BackendRejected', 'no such image')));
    const { fact: before } = await storeEvidence(first.task, clock, never);
    const second = task(stored);
    const { fact } = await storeEvidence({ ...second.task, before }, clock, never);
    assert.deepEqual(second.puts, ['attestation']);
    assert.equal(fact.state, 'Stored');
    assert.equal(fact.missing, undefined);
    assert.deepEqual(
      fact.locations.map(({ uri }) => uri),
      ['mem://attestation', 'mem://image-1'],
    );
  });

  it('starts with artifacts that had no turn last time', async () => {
    const down = task(() => Promise.reject(new StorageError('BackendUnavailable', 'down')));
    const { fact: before } = await storeEvidence(down.task, clock, never);
    const again = task(stored);
    await storeEvidence({ ...again.task, before }, clock, never);
    assert.deepEqual(again.puts, ['image-1', 'attestation']);
  });

  it('starts no further artifact when failing takes too long', async () => {
    const { task: given, puts } = task(async () => {
      await clock.advance(120_000);
      throw new StorageError('BackendRejected', 'slow');
    });
    const { fact } = await storeEvidence(given, clock, never);
    assert.deepEqual(puts, ['attestation']);
    assert.deepEqual(fact.missing, ['image-1', 'attestation']);
  });

  it('waits no longer than the server that asks for the shortest time', async () => {
    const { task: given } = task(({ name }) =>
      Promise.reject(new StorageError('BackendRejected', name, { retryAfterSeconds: name === 'image-1' ? 5 : 50 })),
    );
    assert.deepEqual((await storeEvidence(given, clock, never)).retry, { afterSeconds: 5 });
  });

  it('continues when the backend has no place for one artifact, and reports it', async () => {
    const { task: given } = task(failing('attestation', new StorageError('NoSubjects', 'no image')));
    const { fact, retry } = await storeEvidence(given, clock, never);
    assert.equal(fact.state, 'Stored');
    assert.equal(fact.problem?.reason, 'NoSubjects');
    assert.deepEqual(fact.missing, ['attestation']);
    assert.deepEqual(fact.locations, [{ uri: 'mem://image-1', artifact: 'image-1' }]);
    assert.equal(retry, undefined);
  });

  it('is done with a backend that has no place for anything', async () => {
    const { task: given } = task(() => Promise.reject(new StorageError('NoSubjects', 'no image')));
    const { fact, retry } = await storeEvidence(given, clock, never);
    assert.deepEqual(fact, {
      backendRef: { kind: 'StorageBackend', name: 'b' },
      state: 'NotApplicable',
      artifacts: ['Attestation', 'ImageSignature'],
      locations: [],
      missing: ['attestation', 'image-1'],
      problem: { reason: 'NoSubjects', message: 'attestation: no image (also image-1)' },
    });
    assert.equal(retry, undefined);
  });

  it('stores nothing where the record has nothing that the backend takes', async () => {
    const { task: given } = task(stored);
    const { fact } = await storeEvidence({ ...given, artifacts: [], types: ['ImageSignature'] }, clock, never);
    assert.equal(fact.state, 'NotApplicable');
    assert.match(fact.problem?.message ?? '', /spec\.artifacts is ImageSignature/);
  });

  it('stores all artifacts with one write where the backend can', async () => {
    const { task: one, puts } = task(stored);
    const { task: given, writes } = together({ task: one }, storedTogether);
    const { fact } = await storeEvidence(given, clock, never);
    assert.deepEqual([writes, puts], [[2], []]);
    assert.equal(fact.state, 'Stored');
    assert.deepEqual(fact.locations, [
      { uri: 'mem://attestation', artifact: 'attestation' },
      { uri: 'mem://image-1', artifact: 'image-1' },
    ]);
  });

  it('stores what fits one by one where the backend does not take all at once', async () => {
    const tooLarge = new StorageError('BackendRejected', 'too large');
    const { task: one, puts } = task(failing('attestation', tooLarge));
    const { task: given, writes } = together({ task: one }, () => Promise.reject(tooLarge));
    const { fact } = await storeEvidence(given, clock, never);
    assert.deepEqual([writes, puts], [[2], ['attestation', 'image-1']]);
    assert.deepEqual([fact.state, fact.missing], ['Pending', ['attestation']]);
    assert.deepEqual(fact.locations, [{ uri: 'mem://image-1', artifact: 'image-1' }]);
    assert.deepEqual(fact.problem, { reason: 'BackendRejected', message: 'attestation: too large' });
  });

  it('tries nothing one by one where the server is down, or the run is gone', async () => {
    for (const reason of ['BackendUnavailable', 'RunDeleted'] as const) {
      const { task: one, puts } = task(stored);
      const { task: given } = together({ task: one }, () => Promise.reject(new StorageError(reason, 'no')));
      const { fact } = await storeEvidence(given, clock, never);
      assert.deepEqual(puts, []);
      assert.deepEqual(fact.problem, { reason, message: 'attestation: no' });
      assert.equal(fact.state, reason === 'RunDeleted' ? 'Failed' : 'Pending');
    }
  });

  it('writes one artifact alone, and nothing once the lease is lost', async () => {
    const { task: one, puts } = task(stored);
    const { task: given, writes } = together({ task: one }, storedTogether);
    await storeEvidence({ ...given, artifacts: [artifact('attestation')] }, clock, never);
    assert.deepEqual([writes, puts], [[], ['attestation']]);
    const fence = (): never => {
      throw new Error('not leading');
    };
    await assert.rejects(storeEvidence({ ...given, fence }, clock, never), /not leading/);
    assert.deepEqual(writes, []);
  });

  const twoImages = ['image-us', 'image-eu'].map((name) => ({ ...artifact(name), subjects: [{ name, digest: {} }] }));

  it('stores the first of two artifacts with one name, and reports the collision for the other', async () => {
    const { task: given, puts } = task(stored);
    const driver = { ...given.driver, nameOf: ({ type }: SignedArtifact) => type };
    const work = { ...given, driver, artifacts: [artifact('attestation'), ...twoImages] };
    for (const before of [undefined, { locations: [{ uri: 'mem://old', artifact: 'image-eu' }] }]) {
      puts.length = 0;
      const { fact, retry } = await storeEvidence(before === undefined ? work : { ...work, before }, clock, never);
      assert.deepEqual(puts, ['attestation', 'image-us']);
      assert.deepEqual([fact.state, fact.missing, retry], ['Stored', ['image-eu'], undefined]);
      assert.equal(fact.problem?.reason, 'KeyConflict');
      assert.match(fact.problem.message, /image-us and image-eu are of one digest; a backend of type OCI keeps both/);
      assert.ok(fact.locations.every(({ uri }) => uri !== 'mem://old'));
    }
  });

  it('stores both where the backend keeps both under one name', async () => {
    const { task: given, puts } = task(stored);
    await storeEvidence({ ...given, artifacts: twoImages }, clock, never);
    assert.deepEqual(puts, ['image-us', 'image-eu']);
  });

  it('gives up when the run that was to hold it is gone', async () => {
    const { task: given } = task(() => Promise.reject(new StorageError('RunDeleted', 'gone')));
    const { fact, retry } = await storeEvidence(given, clock, never);
    assert.equal(fact.state, 'Failed');
    assert.equal(retry, undefined);
  });

  it('writes nothing more once the lease is lost between two artifacts', async () => {
    let isHeld = true;
    const { task: given, puts } = task(
      (of) => {
        isHeld = false;
        return stored(of);
      },
      () => {
        if (!isHeld) throw new Error('not leading');
      },
    );
    await assert.rejects(storeEvidence(given, clock, never), /not leading/);
    assert.deepEqual(puts, ['attestation']);
  });

  it('rethrows an abort instead of reporting a failure of the backend', async () => {
    const stop = new AbortController();
    const { task: given } = task(() => {
      stop.abort(new Error('stopped'));
      return Promise.reject(new StorageError('BackendUnavailable', 'cut off'));
    });
    await assert.rejects(storeEvidence(given, clock, stop.signal), /stopped/);
  });
});
