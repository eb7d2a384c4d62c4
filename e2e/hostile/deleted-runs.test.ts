// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { runResources } from '../../src/kube/tekton-resources.ts';
import { at } from '../chart/helm.ts';
import { storageOf } from '../harness/record.ts';
import type { Build } from '../harness/team.ts';
import { managedRuns, ManagedRuns } from '../resilience/managed-runs.ts';
import { signaturesInAnnotations, signaturesInRegistry } from '../resilience/stored-signatures.ts';
import { HostileBed } from './hostile-bed.ts';

describe('a run that is deleted midway', () => {
  let bed: HostileBed;
  before(async () => {
    bed = await HostileBed.start({ label: 'deleted-runs' });
  });
  after(() => bed.stop());

  const remove = (name: string, namespace = bed.team.name): Promise<boolean> =>
    bed.client.delete(runResources.TaskRun, { namespace, name }, { signal: AbortSignal.timeout(30_000) });

  /** Changes the runs while the operator is frozen: its watches receive the events afterwards. */
  async function whileFrozen<T>(what: () => Promise<T>): Promise<T> {
    process.kill(bed.operator.pid, 'SIGSTOP');
    try {
      return await what();
    } finally {
      process.kill(bed.operator.pid, 'SIGCONT');
    }
  }

  async function assertStoredWithoutRun(build: Build): Promise<void> {
    const record = await bed.recordWithReason(build, 'RunDeleted');
    assert.equal(storageOf(record, 'registry')?.state, 'Stored');
    assert.equal(storageOf(record, 'tekton')?.state, 'Failed');
    assert.equal(record.status?.stored, '1/2');
    const [attestation, image] = record.evidence?.artifacts ?? [];
    assert.deepEqual(await signaturesInRegistry(bed.team, build), {
      attestation: [attestation?.signature],
      image: [image?.signature],
    });
  }

  it('right after it finished, is signed from the last event of the watch and stored where that is still possible', async () => {
    const build = await whileFrozen(async () => {
      const finished = await bed.runs.build({ name: 'short-lived' });
      await remove(finished.name);
      return finished;
    });
    await assertStoredWithoutRun(build);
    await bed.assertUnharmed();
  });

  it('and made again under the same name, is another run: each has its record, and neither the evidence of the other', async () => {
    const { first, second } = await whileFrozen(async () => {
      const gone = await bed.runs.build({ name: 'phoenix' });
      await remove('phoenix');
      return { first: gone, second: await bed.runs.build({ name: 'phoenix' }) };
    });
    const record = await bed.readyRecord(second);
    assert.equal(record.spec.runRef.uid, second.uid);
    await assertStoredWithoutRun(first);
    const signal = AbortSignal.timeout(30_000);
    const run = await bed.client.get(runResources.TaskRun, { namespace: bed.team.name, name: 'phoenix' }, { signal });
    const [attestation, image] = record.evidence?.artifacts ?? [];
    const own = { attestation: [attestation?.signature], image: [image?.signature] };
    assert.deepEqual(signaturesInAnnotations(run, second), own);
    assert.deepEqual(signaturesInAnnotations(run, first), { attestation: [], image: [] });
    assert.deepEqual(await signaturesInRegistry(bed.team, second), own);
  });

  it('after its record exists and before it is stored, is signed all the same, and RunDeleted in its annotations', async () => {
    const team = await bed.installation.team({ name: 'team-late-key', policy: managedRuns, withKey: false });
    const build = await new ManagedRuns(bed.client, team).build({ name: 'unsigned' });
    const unsigned = await bed.recordWithReason(build, 'KeyNotFound', team);
    await remove(build.name, team.name);
    await team.createKeySecret();
    const record = await bed.recordWithReason(build, 'RunDeleted', team);
    assert.equal(record.metadata.uid, unsigned.metadata.uid);
    assert.equal(storageOf(record, 'registry')?.state, 'Stored');
    assert.equal(storageOf(record, 'tekton')?.state, 'Failed');
    assert.match(storageOf(record, 'tekton')?.message ?? '', new RegExp(build.uid));
    await bed.assertUnharmed();
  });

  it('while no operator runs, was never seen: it gets no record, and the other runs do', async () => {
    await bed.operator.stop();
    const gone = await bed.runs.build({ name: 'unseen' });
    const kept = await bed.runs.build({ name: 'surviving' });
    await remove(gone.name);
    bed.operator.restart();
    await bed.operator.untilWorking();
    await bed.readyRecord(kept);
    assert.equal(await bed.record(gone), undefined);
    await bed.assertUnharmed();
  });

  it('before it finished, gets no record', async () => {
    const run = await bed.runs.create({ name: 'never-finished' });
    await remove('never-finished');
    await bed.assertUnharmed();
    const uid = String(at(run, 'metadata', 'uid'));
    assert.equal(await bed.record({ name: 'never-finished', uid }), undefined);
  });
});
