// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SignedArtifact } from '../../evidence/signed-artifact.ts';
import type { Location, StorageDriver } from '../../storage/driver.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { storeEvidence, type StoreTask } from './store-evidence.ts';

/*
 * The drivers have their own tests against real servers. Here a driver in memory shows what becomes of its answers: their order,
 * what is done after a failure, and what is left undone once nothing may be written any more.
 */
type Put = (artifact: SignedArtifact) => Promise<readonly Location[]>;

const now = (): Date => new Date('2025-03-01T00:00:00.123Z');
const never = new AbortController().signal;

function artifact(name: string): SignedArtifact {
  return {
    name,
    type: name === 'attestation' ? 'Attestation' : 'ImageSignature',
    form: name === 'attestation' ? 'InTotoStatement' : 'SimpleSigning',
    payloadType: 'application/json',
    payload: Buffer.from('{}'),
    subjects: [],
    signature: Buffer.from('signature'),
    keyID: 'SHA256:x',
    publicKey: 'pem',
  };
}

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

const placed: Put = ({ name }) => Promise.resolve([{ uri: `mem://${name}` }]);

describe('storeEvidence', () => {
  it('stores the artifacts one after the other and says what the backend took, where and when', async () => {
    const { task: given, puts } = task(placed);
    const { fact, retry } = await storeEvidence(given, now, never);
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

  it('leaves off at the first failure and asks for another attempt when the server says', async () => {
    const { task: given, puts } = task(() =>
      Promise.reject(new StorageError('BackendUnavailable', 'down', { retryAfterSeconds: 7 })),
    );
    const { fact, retry } = await storeEvidence(given, now, never);
    assert.deepEqual(puts, ['attestation']);
    assert.equal(fact.state, 'Pending');
    assert.deepEqual(fact.problem, { reason: 'BackendUnavailable', message: 'down' });
    assert.deepEqual(retry, { afterSeconds: 7 });
  });

  it('goes on when the backend has no place for one artifact, and says so', async () => {
    const { task: given } = task((of) =>
      of.name === 'attestation' ? Promise.reject(new StorageError('NoSubjects', 'no image')) : placed(of),
    );
    const { fact } = await storeEvidence(given, now, never);
    assert.equal(fact.state, 'Stored');
    assert.equal(fact.problem?.reason, 'NoSubjects');
    assert.deepEqual(fact.locations, [{ uri: 'mem://image-1', artifact: 'image-1' }]);
  });

  it('gives up for good when the run is gone that was to hold it', async () => {
    const { task: given } = task(() => Promise.reject(new StorageError('RunDeleted', 'gone')));
    const { fact, retry } = await storeEvidence(given, now, never);
    assert.equal(fact.state, 'Failed');
    assert.equal(retry, undefined);
  });

  it('writes nothing more once the lease is lost between two artifacts', async () => {
    let isHeld = true;
    const { task: given, puts } = task(
      (of) => {
        isHeld = false;
        return placed(of);
      },
      () => {
        if (!isHeld) throw new Error('not leading');
      },
    );
    await assert.rejects(storeEvidence(given, now, never), /not leading/);
    assert.deepEqual(puts, ['attestation']);
  });

  it('lets an abort through instead of calling it a failure of the backend', async () => {
    const stop = new AbortController();
    const { task: given } = task(() => {
      stop.abort(new Error('stopped'));
      return Promise.reject(new StorageError('BackendUnavailable', 'cut off'));
    });
    await assert.rejects(storeEvidence(given, now, stop.signal), /stopped/);
  });
});
