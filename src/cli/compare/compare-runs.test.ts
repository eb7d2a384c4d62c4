// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { objectField } from '../../json/fields.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { ModelApi } from '../../kube/model-api.fixture.ts';
import { objectMetadata } from '../../kube/object-metadata.ts';
import { packPayload } from '../../evidence/packed-payload.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { type Comparison, compareRuns, type ComparisonScope } from './compare-runs.ts';
import { comparisonLines, countedComparisons, summaryLine } from './comparison-report.ts';

const signal = new AbortController().signal;
const since = new Date('2026-01-01T00:00:00Z');
const statement = { _type: 'https://in-toto.io/Statement/v1', subject: [], predicate: { builder: { id: 'me' } } };

interface Given {
  readonly name: string;
  /** The payload in the annotations. */
  readonly chains?: unknown;
  readonly completionTime?: string;
  readonly locations?: readonly object[];
}

describe('compareRuns', () => {
  let api: ModelApi;
  beforeEach(() => {
    api = new ModelApi(new ManualClock(new Date('2026-02-01T00:00:00Z')));
  });

  async function addRun({ name, chains }: Given): Promise<string> {
    const run = { metadata: { namespace: 'team-a', name } };
    const uid = objectMetadata(await api.client.create(runResources.TaskRun, run, { signal }))?.uid ?? '';
    if (chains === undefined) return uid;
    const payload = Buffer.from(JSON.stringify(chains)).toString('base64');
    const annotations = { [`chains.tekton.dev/payload-taskrun-${uid}`]: payload, 'chains.tekton.dev/signed': 'true' };
    await api.client.mergePatch(
      runResources.TaskRun,
      { metadata: { namespace: 'team-a', name, annotations } },
      { signal },
    );
    return uid;
  }

  /** A run with an audited record of `statement`. */
  async function addRecorded(given: Given): Promise<void> {
    const uid = await addRun(given);
    const payload = Buffer.from(JSON.stringify(statement));
    const artifact = {
      ...{ name: 'attestation', type: 'Attestation', form: 'InTotoStatement' },
      ...{ payloadType: 'application/vnd.in-toto+json', subjectCount: 0, policyGeneration: 1 },
      ...{ payload: packPayload(payload), payloadDigest: payloadDigest(payload) },
    };
    const { completionTime = '2026-01-31T00:00:00Z', locations = [], name } = given;
    const record = {
      metadata: { namespace: 'team-a', name: `${name}-1` },
      spec: {
        runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name, uid },
        policyRef: { kind: 'SigningPolicy', name: 'builds' },
        ...{ outcome: 'Succeeded', completionTime, mode: 'Audit', serviceAccountName: 'builder' },
      },
      evidence: { artifacts: [artifact] },
      status: { storage: [{ backendRef: { kind: 'StorageBackend', name: 'tekton' }, state: 'Stored', locations }] },
    };
    await api.client.create(hallmarkResource('ProvenanceRecord'), record, { signal });
  }

  async function compared(rest: Partial<ComparisonScope> = {}): Promise<readonly Comparison[]> {
    const found: Comparison[] = [];
    for await (const one of compareRuns(api.client, { namespace: undefined, since, signal, ...rest })) found.push(one);
    return found;
  }

  function lines(comparisons: readonly Comparison[]): readonly string[] {
    return comparisons.flatMap(comparisonLines);
  }

  it('finds what is the same, what differs and what Chains does not have', async () => {
    await addRecorded({ name: 'bake', chains: statement });
    await addRecorded({ name: 'fry', chains: { ...statement, predicate: { builder: { id: 'you' } } } });
    await addRecorded({ name: 'stir' });
    const found = await compared();
    assert.deepEqual(lines(found), [
      'TaskRun team-a/bake attestation (builds): same',
      'TaskRun team-a/fry attestation (builds): differs',
      '  predicate.builder.id: Chains "you", Hallmark "me"',
      'TaskRun team-a/stir attestation (builds): missing: Chains has not signed the run',
    ]);
    assert.equal(summaryLine(countedComparisons(found)), '1 same, 1 differs, 1 missing');
  });

  it('finds runs that Chains signed and Hallmark did not record', async () => {
    await addRun({ name: 'bake', chains: statement });
    await addRun({ name: 'fry' });
    assert.deepEqual(lines(await compared()), [
      'TaskRun team-a/bake: missing: Chains signed it, and no record of Hallmark is there (--since leaves out runs that are older than the policy)',
    ]);
  });

  it('names a record that it cannot read, whose run is not missing', async () => {
    await addRecorded({ name: 'bake', chains: statement });
    api.rewrite('provenancerecords', (record) => ({
      ...record,
      spec: { ...objectField(record, 'spec'), outcome: 'Unheard' },
    }));
    const found = await compared();
    assert.match(
      lines(found).join('\n'),
      /^TaskRun team-a\/bake \(builds\): unknown: ProvenanceRecord bake-1 cannot be read: spec\.outcome/,
    );
    assert.equal(found.length, 1);
    assert.deepEqual(await compared({ policy: 'other' }), []);
  });

  it('leaves out what finished earlier, and the records of other policies', async () => {
    await addRecorded({ name: 'bake', chains: statement, completionTime: '2025-12-31T00:00:00Z' });
    assert.deepEqual(await compared(), []);
    await addRecorded({ name: 'fry', chains: statement });
    assert.deepEqual(await compared({ policy: 'other' }), []);
  });

  it("does not take Hallmark's own annotations for those of Chains", async () => {
    const locations = [{ uri: 'tekton://team-a/taskruns/bake/1#taskrun-1', artifact: 'attestation' }];
    await addRecorded({ name: 'bake', chains: statement, locations });
    assert.deepEqual(lines(await compared()), [
      "TaskRun team-a/bake attestation (builds): unknown: the annotations of the run hold Hallmark's evidence",
    ]);
  });

  it("does not take Hallmark's own evidence in the registry for that of Chains", async () => {
    const locations = [{ uri: 'oci://r.example/a:sha256-1.att', artifact: 'attestation' }];
    await addRecorded({ name: 'bake', locations });
    const ours = { place: 'r.example/a:sha256-1.att (1)', payload: Buffer.from(JSON.stringify(statement)) };
    const [found] = await compared({ registries: { of: () => Promise.resolve([ours]) } });
    assert.match(comparisonLines(found ?? assert.fail())[0] ?? '', /unknown: the registry holds Hallmark's evidence/);
  });

  it('goes on after a payload that would exhaust the stack', async () => {
    const text = `{"predicate":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    await addRecorded({ name: 'bake', chains: statement });
    api.rewrite('taskruns', (run) => {
      const { annotations, ...metadata } = objectField(run, 'metadata');
      const names = Object.keys(objectField({ annotations }, 'annotations')).filter((name) => name.includes('payload'));
      const given = Object.fromEntries(names.map((name) => [name, Buffer.from(text).toString('base64')]));
      return { ...run, metadata: { ...metadata, annotations: given } };
    });
    await addRecorded({ name: 'fry', chains: statement });
    assert.deepEqual(lines(await compared()), [
      'TaskRun team-a/bake attestation (builds): unknown: the payload nests deeper than any of Chains',
      'TaskRun team-a/fry attestation (builds): same',
    ]);
  });

  it('looks in the registry for what the run does not have, and takes the closest', async () => {
    await addRecorded({ name: 'bake' });
    const payload = (value: unknown) => ({
      place: 'r.example/a:sha256-1.att (1)',
      payload: Buffer.from(JSON.stringify(value)),
    });
    const registries = { of: () => Promise.resolve([payload({ other: 1 }), payload(statement)]) };
    assert.deepEqual(lines(await compared({ registries })), [
      'TaskRun team-a/bake attestation (builds): same (r.example/a:sha256-1.att (1))',
    ]);
    const none = { of: () => Promise.resolve([]) };
    assert.match(
      lines(await compared({ registries: none })).join(),
      /missing: Chains has none on the run and in the registry/,
    );
  });
});
