// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ContractSubject } from './driver.contract.ts';
import type { StorageDriver } from '../driver.ts';
import { readBack } from './read-back.contract.ts';
import { reasonOf } from '../reason-of.fixture.ts';
import { StorageError } from '../storage-error.ts';
import type { Location } from '../stored-evidence.ts';

const never = new AbortController().signal;

/** The two methods of a driver that takes several artifacts at once. */
function batchOf(driver: StorageDriver): Required<Pick<StorageDriver, 'putAll' | 'getAll'>> {
  const putAll = driver.putAll?.bind(driver);
  const getAll = driver.getAll?.bind(driver);
  assert.ok(putAll !== undefined && getAll !== undefined);
  return { putAll, getAll };
}

/** A driver that writes and reads several artifacts of a run at once. */
export function describeTogether(subject: ContractSubject): void {
  if (subject.storesTogether !== true) return;

  it('stores several artifacts of a run at once as it stores them one by one', async () => {
    const { run, attestation, image } = await subject.fixture();
    const artifacts = [attestation, image];
    const locations = await batchOf(subject.driver()).putAll(artifacts, run, never);
    const contents = await subject.contents(run, attestation);
    const driver = subject.driver();
    for (const [index, artifact] of artifacts.entries()) {
      for (const location of locations[index] ?? []) {
        assert.deepEqual(await driver.get(location, never, run), readBack(subject, artifact));
      }
      assert.deepEqual(await driver.put(artifact, run, never), locations[index]);
    }
    assert.deepEqual(await batchOf(driver).putAll(artifacts, run, never), locations);
    assert.equal(await subject.contents(run, attestation), contents);
  });

  it('reads several locations at once, and reports a location that it never gave for itself', async () => {
    const { run, attestation, image } = await subject.fixture();
    const batch = batchOf(subject.driver());
    const places = (await batch.putAll([attestation, image], run, never)).flat();
    const [first, unknown, second] = await batch.getAll(aroundUnknown(places), never);
    assert.deepEqual([first, second], [readBack(subject, attestation), readBack(subject, image)]);
    assert.ok(unknown instanceof StorageError);
    assert.equal(unknown.reason, 'BackendRejected');
  });

  it('reports BackendUnavailable of all while its server does not respond', async () => {
    const { run, attestation, image } = await subject.fixture();
    const batch = batchOf(subject.driver());
    const places = (await batch.putAll([attestation, image], run, never)).flat();
    await subject.whileUnreachable(async () => {
      assert.equal(await reasonOf(batch.putAll([attestation, image], run, never)), 'BackendUnavailable');
      const found = await batch.getAll(places, never);
      const reasons = found.map((each) => (each instanceof StorageError ? each.reason : 'Read'));
      assert.deepEqual(reasons, ['BackendUnavailable', 'BackendUnavailable']);
    });
  });

  it('rejects with the reason of an abort, whatever is written or read at once', async () => {
    const { run, attestation, image } = await subject.fixture();
    const batch = batchOf(subject.driver());
    const places = (await batch.putAll([attestation, image], run, never)).flat();
    const reason = new Error('stopping');
    await assert.rejects(batch.putAll([attestation, image], run, AbortSignal.abort(reason)), reason);
    await assert.rejects(batch.getAll(places, AbortSignal.abort(reason)), reason);
    const controller = new AbortController();
    const midway = batch.getAll(places, controller.signal);
    controller.abort(reason);
    await assert.rejects(midway, reason);
  });

  const { oversized } = subject;
  if (oversized === undefined) return;
  it('stores none of several artifacts where one is above the limit of the store', async () => {
    const { run, artifact } = await oversized();
    const { image } = await subject.fixture();
    const before = await subject.contents(run, artifact);
    assert.equal(await reasonOf(batchOf(subject.driver()).putAll([image, artifact], run, never)), 'BackendRejected');
    assert.equal(await subject.contents(run, artifact), before);
  });
}

function aroundUnknown([first, second]: readonly Location[]): readonly Location[] {
  assert.ok(first !== undefined && second !== undefined);
  return [first, { uri: 'file:///etc/passwd' }, second];
}
