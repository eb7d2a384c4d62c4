// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf } from '../harness/record.ts';
import type { Team } from '../harness/team.ts';
import { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { Transit } from '../testbed/transit/transit.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';

const patience = { timeoutSeconds: 2 * PATIENCE_SECONDS } as const;
/** Far more than there are workers. */
const RUNS = 100;
const FEW = 5;
const KEY = 'builds';

describe('a signer that hangs', () => {
  let installation: Installation;
  let operator: OperatorProcess | undefined;
  let proxy: FaultProxy;
  let hanging: Team;
  let other: Team;

  before(async () => {
    installation = await Installation.start({ label: 'slow-signers', replicas: 0 });
    const transit = await Transit.start(installation.testbed.supervisor);
    proxy = await FaultProxy.start({ target: transit.url });
    await transit.createKey(KEY);
    await transit.signingPolicy('sign', KEY);
    const policy = { ...managedRuns, imageSignatures: { formats: [] } };
    const kms = { uri: `hashivault://${KEY}`, secretRef: { name: 'vault' }, vault: { address: proxy.url } };
    const backends = ['tekton'];
    // The names sort so that the runs of this one come first.
    hanging = await installation.team({
      name: 'team-hanging',
      withKey: false,
      backends,
      policy: { ...policy, signer: { type: 'KMS', kms } },
    });
    other = await installation.team({ name: 'team-other', backends, policy });
    await installation.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'vault', namespace: hanging.name },
      stringData: { token: await transit.token(['sign']) },
    });
  });
  after(async () => {
    await operator?.stop();
    await proxy.stop();
    await installation.stop();
  });

  async function build(team: Team, count: number): Promise<void> {
    const runs = new ManagedRuns(adminClient(installation.plane), team);
    for (let index = 0; index < count; index += 1) await runs.build({ name: `${team.name}-${index}` });
  }

  async function untilAllReady(team: Team, count: number): Promise<void> {
    const areReady = async (): Promise<boolean> => (await team.records()).filter(isReady).length === count;
    await waitUntil(`the ${count} runs of ${team.name} are stored`, areReady, patience);
  }

  it('holds up no other namespace, and its own runs are all signed in the end', async () => {
    await build(hanging, RUNS);
    await build(other, FEW);
    proxy.fail({ type: 'Hang' }, { when: ({ path }) => path.includes('/sign/') });
    const { host } = installation.testbed.registry();
    operator = await OperatorProcess.start(installation, {
      configuration: { outbound: { allow: [host, proxy.host] }, retry: { minSeconds: 1, maxSeconds: 2 } },
    });
    await operator.untilWorking();
    await untilAllReady(other, FEW);
    assert.ok(proxy.asked('/sign/').length > 0, 'the signer is waited for');
    // Each of them waits for ten seconds: with all workers at that signer, the other namespace would come last.
    const recorded = (await hanging.records()).length;
    assert.ok(recorded <= RUNS / 2, `${recorded} runs with the hanging signer are recorded by then`);
    proxy.heal();
    await untilAllReady(hanging, RUNS);
  });
});

function isReady(record: ProvenanceRecord): boolean {
  return conditionOf(record)?.status === 'True';
}
