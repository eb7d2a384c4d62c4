// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hallmarkResource } from '../../src/kube/hallmark-resource.ts';
import type { KubeClient } from '../../src/kube/kube-client.ts';
import { releaseNamespace } from '../chart/helm.ts';
import { Installation } from '../harness/installation.ts';
import { OperatorProcess } from '../harness/operator-process.ts';
import { conditionOf, signaturesOf } from '../harness/record.ts';
import type { Team } from '../harness/team.ts';
import { Kafka } from '../testbed/kafka/kafka.ts';
import { adminClient } from './admin-client.ts';
import { ManagedRuns, managedRuns } from './managed-runs.ts';
import { RecordingProxy } from './recording-proxy.ts';
import { TouchGate } from './touch-gate.ts';
import { WriteJournal } from './write-journal.ts';

const RUNS = 30;
const TOPIC = 'evidence';
const signal = new AbortController().signal;
const RECORDS = hallmarkResource('ProvenanceRecord');

/** A topic takes whatever comes: a second upload of the same evidence is a second message. */
describe('evidence in a topic', () => {
  let installation: Installation;
  let operator: OperatorProcess;
  let kafka: Kafka;
  let team: Team;
  let client: KubeClient;
  let proxy: RecordingProxy;
  const journal = new WriteJournal();

  before(async () => {
    installation = await Installation.start({ label: 'uploaded-once', replicas: 0, tekton: 'Kinds' });
    kafka = await Kafka.start(installation.testbed.supervisor, { topics: [TOPIC] });
    const { plane, testbed } = installation;
    client = adminClient(plane);
    const token = await plane.tokenOf(releaseNamespace, 'hallmark');
    const api = await RecordingProxy.forApiServer(plane, testbed.supervisor, { token, journal });
    proxy = api.proxy;
    operator = await OperatorProcess.start(installation, {
      kubeconfig: api.kubeconfig,
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
    await proxy.stop();
    await installation.stop();
  });

  /** The operator's writes to records, by what they wrote, that the API server refused because the records had changed. */
  async function conflicts(): Promise<Readonly<Record<string, number>>> {
    const series =
      /^hallmark_kube_requests_total\{verb="(\w+)",resource="provenancerecords[^"]+",code="409"\} (\d+)$/gm;
    const found = (await operator.metrics()).matchAll(series);
    return Object.fromEntries([...found].map(([, verb = '', count]) => [verb, Number(count)]));
  }

  it('is there once, though its records were signed late and changed by others while it was uploaded', async () => {
    const runs = new ManagedRuns(client, team);
    for (let index = 0; index < RUNS; index += 1) await runs.build({ name: `late-${index}` });
    await team.untilRecords(RUNS, 'waiting for the key', (record) => conditionOf(record)?.reason === 'KeyNotFound');
    let touches = 0;
    const touched = new TouchGate((name) => {
      const annotations = { 'example.com/touched': String((touches += 1)) };
      return client.mergePatch(RECORDS, { metadata: { namespace: team.name, name, annotations } }, { signal });
    });
    journal.gate = touched.gate;
    await team.createKeySecret();
    const ready = await team.untilRecords(RUNS, 'Ready', (record) => conditionOf(record)?.status === 'True');
    assert.equal(ready.length, RUNS);
    const { patch = 0, update = 0 } = await conflicts();
    assert.ok(patch >= RUNS, `${patch} writes of evidence were refused, as the records had changed`);
    assert.ok(update >= RUNS, `${update} writes of a status were refused, as the records had changed`);
    const messages = await kafka.messages(TOPIC);
    const signatures = messages.map(({ value }) => /"sig":"([^"]+)"/.exec(value.toString())?.[1]);
    assert.deepEqual(signatures.toSorted(), ready.map((record) => signaturesOf(record)['attestation']).toSorted());
  });
});
