// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { PATIENCE_SECONDS } from '../harness/cluster.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, parseRecord, signaturesOf } from '../harness/record.ts';
import type { Team } from '../harness/team.ts';
import { Kafka } from '../testbed/kafka/kafka.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';

const RUNS = 30;
const TOPIC = 'evidence';
const patience = { timeoutSeconds: PATIENCE_SECONDS } as const;
const signal = new AbortController().signal;

/** A topic takes whatever comes: a second upload of the same evidence is a second message. */
describe('evidence in a topic', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  let kafka: Kafka;
  let team: Team;
  let client: KubeClient;

  before(async () => {
    installation = await Installation.start({ label: 'uploaded-once', replicas: 0 });
    kafka = await Kafka.start(installation.testbed.supervisor, { topics: [TOPIC] });
    client = adminClient(installation.plane);
    operator = await OperatorProcess.start(installation, {
      configuration: { outbound: { allow: [kafka.host] }, retry: { minSeconds: 1, maxSeconds: 2 } },
    });
    const policy = { ...managedRuns, imageSignatures: { formats: [] }, backendRefs: [] };
    team = await installation.team({ name: 'team-once', backends: [], withKey: false, policy });
    await installation.apply({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'StorageBackend',
      metadata: { name: 'topic', namespace: team.name },
      spec: { type: 'Kafka', kafka: { bootstrapServers: [kafka.host], topic: TOPIC, plaintext: true } },
    });
    await operator.untilWorking();
    await installation.wait(team.name, 'storagebackend/topic', 'condition=Ready');
  });
  after(async () => {
    await operator.stop();
    await installation.stop();
  });

  /**
   * Labels and annotates the run again and again, as a user may: each change makes a write with an older version fail.
   * @returns how often all were changed
   */
  async function touchRecords(over: AbortSignal): Promise<number> {
    const resource = hallmarkResource('ProvenanceRecord');
    let rounds = 0;
    while (!over.aborted) {
      for (const object of await client.listAll(resource, { namespace: team.name, signal })) {
        const { namespace, name } = parseRecord(object).metadata;
        const annotations = { 'example.com/touched': String(rounds) };
        await client.mergePatch(resource, { metadata: { namespace, name, annotations } }, { signal });
      }
      rounds += 1;
    }
    return rounds;
  }

  it('is there once, though its records were signed late and changed by others while it was uploaded', async () => {
    const runs = new ManagedRuns(client, team);
    for (let index = 0; index < RUNS; index += 1) await runs.build({ name: `late-${index}` });
    await waitUntil(
      'all wait for the key',
      async () =>
        (await team.records()).filter((record) => conditionOf(record)?.reason === 'KeyNotFound').length === RUNS,
      patience,
    );
    const over = new AbortController();
    const touching = touchRecords(over.signal);
    await team.createKeySecret();
    const ready = await waitUntil(
      'all are Ready',
      async () => {
        const all = await team.records();
        return all.every((record) => conditionOf(record)?.status === 'True') ? all : undefined;
      },
      patience,
    ).finally(() => {
      over.abort();
    });
    assert.ok((await touching) > 1, 'they were changed while they were signed and stored');
    const messages = await kafka.messages(TOPIC);
    const signatures = messages.map(({ value }) => /"sig":"([^"]+)"/.exec(value.toString())?.[1]);
    assert.deepEqual(signatures.toSorted(), ready.map((record) => signaturesOf(record)['attestation']).toSorted());
  });
});
