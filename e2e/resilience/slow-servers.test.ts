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
import { Transit } from '../testbed/transit/transit.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';

const TIMEOUT_SECONDS = 2 * PATIENCE_SECONDS;
/** Far more than there are workers for runs, and more than there are for records. */
const RUNS = { hanging: 100, slow: 60, honest: 5 } as const;
const KEY = 'builds';
/** One of some ten requests that an upload makes one after the other: it is given up after two minutes. */
const SLOW_MS = 20_000;

describe('a signer that hangs and a backend that is slow, of two teams of four', () => {
  let installation: Installation;
  let operator: OperatorProcess | undefined;
  let signer: FaultProxy;
  let registry: FaultProxy;
  let hanging: Team;
  let slow: Team;
  let honest: readonly Team[];

  before(async () => {
    installation = await Installation.start({ label: 'slow-servers', replicas: 0, tekton: 'Kinds' });
    const { supervisor } = installation.testbed;
    const transit = await Transit.start(supervisor);
    signer = await FaultProxy.start({ target: transit.url });
    registry = await FaultProxy.start({ target: `http://${installation.testbed.registry().host}` });
    await transit.createKey(KEY);
    await transit.signingPolicy('sign', KEY);
    const kms = { uri: `hashivault://${KEY}`, secretRef: { name: 'vault' }, vault: { address: signer.url } };
    const policy = { ...managedRuns, imageSignatures: { formats: [] } };
    const backends = ['tekton'];
    // The names sort so that the runs of the first come first.
    hanging = await installation.team({
      name: 'team-hanging',
      withKey: false,
      backends,
      policy: { ...policy, signer: { type: 'KMS', kms } },
    });
    slow = await installation.team({ name: 'team-slow', backends, policy: { ...policy, backendRefs: [] } });
    honest = [
      await installation.team({ name: 'team-other', backends, policy }),
      await installation.team({ name: 'team-third', backends: ['tekton', 'registry'], policy }),
    ];
    await installation.apply(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'vault', namespace: hanging.name },
        stringData: { token: await transit.token(['sign']) },
      },
      {
        apiVersion: 'hallmark.dev/v1alpha1',
        kind: 'StorageBackend',
        metadata: { name: 'evidence', namespace: slow.name },
        spec: {
          type: 'OCI',
          artifacts: ['Attestation'],
          // An encoding in which no upload waits for another one to the same tag.
          oci: { encoding: 'SigstoreBundle', authentication: { type: 'Anonymous' }, tls: { insecure: true } },
        },
      },
    );
  });
  after(async () => {
    await operator?.stop();
    await signer.stop();
    await registry.stop();
    await installation.stop();
  });

  async function build(team: Team, count: number, host?: string): Promise<void> {
    const runs = new ManagedRuns(adminClient(installation.plane), team, host);
    for (let index = 0; index < count; index += 1) await runs.build({ name: `${team.name}-${index}` });
  }

  async function untilAll(
    what: string,
    { team, count }: { readonly team: Team; readonly count: number },
    isSo: (record: ProvenanceRecord) => boolean,
  ): Promise<void> {
    const all = await team.untilRecords(count, what, isSo, TIMEOUT_SECONDS);
    assert.ok(all.length <= count, 'no run has two records');
  }

  const isStoredIn = (backend: string) => (record: ProvenanceRecord) => storageOf(record, backend)?.state === 'Stored';

  it('hold up neither other namespaces nor the other backends of a record, and everything is stored in the end', async () => {
    await build(hanging, RUNS.hanging);
    await build(slow, RUNS.slow, registry.host);
    for (const team of honest) await build(team, RUNS.honest);
    signer.fail({ type: 'Hang' }, { when: ({ path }) => path.includes('/sign/') });
    registry.fail({ type: 'Slow', milliseconds: SLOW_MS }, { when: ({ path }) => path !== '/v2/' });
    const allow = [installation.testbed.registry().host, registry.host, signer.host];
    operator = await OperatorProcess.start(installation, {
      configuration: { outbound: { allow }, retry: { minSeconds: 1, maxSeconds: 2 } },
    });
    await operator.untilWorking();
    // As fast as without them: with all workers at the slow servers, this would take minutes.
    for (const team of honest) await untilAll('Ready', { team, count: RUNS.honest }, isReady);
    assert.ok(signer.asked('/sign/').length > 0, 'the signer is waited for');
    const recorded = (await hanging.records()).length;
    assert.ok(recorded <= RUNS.hanging / 2, `${recorded} runs with the hanging signer are recorded by then`);
    const slowRuns = { team: slow, count: RUNS.slow };
    await untilAll('stored in the other backend', slowRuns, isStoredIn('tekton'));
    const ended = (await slow.records()).filter((record) => {
      const { state, reason } = storageOf(record, 'evidence') ?? {};
      return state === 'Stored' || reason !== undefined;
    });
    assert.ok(ended.length <= RUNS.slow / 2, `${ended.length} uploads to the slow backend have ended by then`);
    signer.heal();
    registry.heal();
    await untilAll('stored in the slow backend', slowRuns, isStoredIn('evidence'));
    await untilAll('Ready', slowRuns, isReady);
    await untilAll('Ready', { team: hanging, count: RUNS.hanging }, isReady);
  });
});

function isReady(record: ProvenanceRecord): boolean {
  return conditionOf(record)?.status === 'True';
}
