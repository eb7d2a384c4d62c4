// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, storageOf } from '../harness/record.ts';
import type { Team } from '../harness/team.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';

const patience = { timeoutSeconds: 2 * PATIENCE_SECONDS } as const;
/** More than there are workers. */
const RUNS = 60;
const FEW = 5;
/** Of some ten requests that an upload takes one after the other: it is given up after two minutes. */
const SLOW_MS = 20_000;

describe('a backend that is slow', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  let proxy: FaultProxy;
  let slow: Team;
  let other: Team;

  before(async () => {
    installation = await Installation.start({ label: 'slow-backends', replicas: 0 });
    const { host } = installation.testbed.registry();
    proxy = await FaultProxy.start({ target: `http://${host}` });
    operator = await OperatorProcess.start(installation, {
      configuration: { outbound: { allow: [host, proxy.host] }, retry: { minSeconds: 1, maxSeconds: 2 } },
    });
    const policy = { ...managedRuns, imageSignatures: { formats: [] }, backendRefs: [] };
    slow = await installation.team({ name: 'team-slow', backends: ['tekton'], policy });
    other = await installation.team({ name: 'team-other', backends: ['tekton'], policy });
    await installation.apply({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'StorageBackend',
      metadata: { name: 'evidence', namespace: slow.name },
      spec: {
        type: 'OCI',
        artifacts: ['Attestation'],
        // Where nothing waits for another to append to the same tag.
        oci: { encoding: 'SigstoreBundle', authentication: { type: 'Anonymous' }, tls: { insecure: true } },
      },
    });
    await operator.untilWorking();
    await Promise.all([slow.untilReady(), other.untilReady()]);
    await installation.wait(slow.name, 'storagebackend/evidence', 'condition=Ready');
  });
  after(async () => {
    await operator.stop();
    await proxy.stop();
    await installation.stop();
  });

  async function build(team: Team, count: number): Promise<void> {
    const runs = new ManagedRuns(adminClient(installation.plane), team, proxy.host);
    for (let index = 0; index < count; index += 1) await runs.build({ name: `${team.name}-${index}` });
  }

  async function untilAll(
    what: string,
    records: { readonly team: Team; readonly count: number },
    isSo: (record: ProvenanceRecord) => boolean,
  ): Promise<void> {
    const { team, count } = records;
    await waitUntil(what, async () => (await team.records()).filter(isSo).length === count, patience);
  }

  const isStoredIn = (backend: string) => (record: ProvenanceRecord) => storageOf(record, backend)?.state === 'Stored';

  it('holds up neither the other backends of its records nor other namespaces, and gets everything in the end', async () => {
    proxy.fail({ type: 'Slow', milliseconds: SLOW_MS });
    await build(slow, RUNS);
    await build(other, FEW);
    // As fast as without it: with all workers at the slow one, this would take minutes for each sixteen of them.
    await untilAll('the other namespace has its own', { team: other, count: FEW }, isReady);
    await untilAll('the other backend has all of them', { team: slow, count: RUNS }, isStoredIn('tekton'));
    const ended = (await slow.records()).filter((record) => {
      const { state, reason } = storageOf(record, 'evidence') ?? {};
      return state === 'Stored' || reason !== undefined;
    });
    assert.ok(ended.length <= RUNS / 2, `${ended.length} uploads to the slow backend have ended by then`);
    proxy.heal();
    await untilAll('the slow backend has all of them', { team: slow, count: RUNS }, isStoredIn('evidence'));
    await untilAll('all are Ready', { team: slow, count: RUNS }, isReady);
  });
});

function isReady(record: ProvenanceRecord): boolean {
  return conditionOf(record)?.status === 'True';
}
