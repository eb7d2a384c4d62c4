// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { recordName } from '../../records/record-name.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { policyDefinition } from '../../pipelines/policy-definition.fixture.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import { explainRun } from './explain-run.ts';
import { explanationText } from './explain.ts';
import { droppedFixture, signedEvidenceFixture } from '../../evidence/artifact.fixture.ts';
import { withRetentionInForce } from './published-retention.ts';

const NOW = new Date('2025-03-02T00:00:00Z');
const identity = {
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  namespace: 'team-a',
  name: 'bake-1',
  uid: 'r',
} as const;
const run: RunSummary = {
  ...identity,
  resourceVersion: '1',
  labels: { app: 'bread' },
  managedBy: '',
  serviceAccountName: 'default',
  finished: { outcome: 'Succeeded', completionTime: '2025-03-01T12:00:00Z' },
  finalizers: [],
};

function pipelines(...specs: readonly { readonly name: string; readonly spec?: object }[]): Pipelines {
  const made = new Pipelines('hallmark-system');
  for (const { name, spec } of specs) made.setPolicy(policyDefinition('team-a', name, spec));
  return made;
}

function record(policy: string, reason: string): ProvenanceRecord {
  const name = recordName(run, { kind: 'SigningPolicy', namespace: 'team-a', name: policy });
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'ProvenanceRecord',
    metadata: {
      namespace: 'team-a',
      name,
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2025-03-01T12:00:00Z',
    },
    spec: {
      runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: run.name, uid: run.uid },
      policyRef: { kind: 'SigningPolicy', name: policy },
      outcome: 'Succeeded',
      completionTime: '2025-03-01T12:00:00Z',
      mode: 'Enforce',
      serviceAccountName: 'default',
    },
    status: { reason, message: `because of ${reason}` },
  };
}

describe('explainRun', () => {
  it('reports that no policy applies to the namespace, and what to do', () => {
    const explanation = explainRun({ runs: [run], pipelines: pipelines(), records: [], unread: [] }, NOW);
    assert.match(explanation.runs[0]?.summary ?? '', /no policy reaches namespace team-a: create a SigningPolicy/);
    assert.equal(explanation.isFine, true);
  });

  it('reports for each policy why it does not select the run', () => {
    const other = { selector: { matchLabels: { app: 'rolls' } } };
    const made = pipelines({ name: 'others', spec: other });
    const explanation = explainRun({ runs: [run], pipelines: made, records: [], unread: [] }, NOW);
    assert.match(
      explanationText(explanation),
      /SigningPolicy team-a\/others: not selected\n.*labels do not match spec\.selector: the run has app=bread, and the selector is \{"matchLabels":/,
    );
    assert.match(explanationText(explanation), /no policy selects this run/);
  });

  it('names the backends that hold the payloads which a record dropped', () => {
    const stored = record('builds', 'Stored');
    const place = { kind: 'StorageBackend', uri: 'gs://b/attestation' } as const;
    const places = ['bucket', 'registry'].map((name) => ({ ...place, name }));
    const artifacts = [droppedFixture(signedEvidenceFixture(), places)];
    const gathered = { runs: [run], pipelines: pipelines({ name: 'builds' }), unread: [] };
    const text = explanationText(explainRun({ ...gathered, records: [{ ...stored, evidence: { artifacts } }] }, NOW));
    assert.match(
      text,
      /its record dropped payloads once they were stored; they are fetched from StorageBackend bucket or StorageBackend registry/,
    );
    assert.doesNotMatch(explanationText(explainRun({ ...gathered, records: [stored] }, NOW)), /dropped payloads/);
  });

  it('names what a policy says beyond a ceiling, once, and keeps to the retention that is in force', () => {
    const made = pipelines();
    const published = policyDefinition('team-a', 'builds', { record: { retention: 'Seconds', seconds: 604_000 } });
    made.setPolicy(withRetentionInForce(published));
    made.setCeiling({ name: 'teams', uid: 'c', generation: 1, spec: { signers: { types: ['KMS'] } } });
    const gathered = { runs: [run], pipelines: made, unread: [] };
    const why = 'PolicyCeiling teams: spec.signer.type is Key, and allowed are KMS';
    const before = explanationText(explainRun({ ...gathered, records: [] }, NOW));
    assert.ok(before.includes(`it exceeds its ceiling: ${why}`), before);
    assert.match(before, /kept for 604000 seconds/);
    const refused = record('builds', 'CeilingExceeded');
    const message = `SigningPolicy team-a/builds exceeds its ceiling: ${why}`;
    const records = [{ ...refused, status: { ...refused.status, message } }];
    assert.equal(explanationText(explainRun({ ...gathered, records }, NOW)).split(why).length, 2);
  });

  it('says that a run waits where its namespace has as many records as its ceiling allows', () => {
    const made = pipelines({ name: 'builds' });
    made.setCeiling({ name: 'teams', uid: 'c', generation: 1, spec: { counts: { records: 1 } } });
    const gathered = { runs: [run], pipelines: made, unread: [] };
    const text = (records: readonly ProvenanceRecord[]): string =>
      explanationText(explainRun({ ...gathered, records }, NOW));
    const why = /PolicyCeiling teams: the SigningPolicies of the namespace have 1 ProvenanceRecords, and allowed are 1/;
    assert.doesNotMatch(text([]), why);
    assert.match(text([record('others', 'Stored')]), why);
    const { spec, ...rest } = record('platform', 'Stored');
    const policyRef = { kind: 'ClusterSigningPolicy', name: 'platform' } as const;
    assert.doesNotMatch(text([{ ...rest, spec: { ...spec, policyRef } }]), why);
  });

  it('repeats the status of the record of a selected run, and is fine only when everything is stored', () => {
    const made = pipelines({ name: 'builds' });
    const explain = (reason: string): ReturnType<typeof explainRun> =>
      explainRun({ runs: [run], pipelines: made, records: [record('builds', reason)], unread: [] }, NOW);
    assert.equal(explain('Stored').isFine, true);
    assert.equal(explain('AuditOnly').isFine, true);
    assert.equal(explain('KeyNotFound').isFine, false);
    assert.match(
      explanationText(explain('KeyNotFound')),
      /builds: KeyNotFound \(record bake-1-\w{10}\)\n.*because of KeyNotFound/,
    );
  });

  it('repeats the warnings of the evidence, without control sequences', () => {
    const found = record('builds', 'Stored');
    const warnings = ['HintIgnored: result "IMAGE_URL" \u001b[31m stands alone'];
    const artifact = {
      name: 'attestation',
      type: 'Attestation',
      form: 'InTotoStatement',
      payloadType: 'p',
      payload: '',
      payloadDigest: '',
      subjectCount: 0,
      policyGeneration: 1,
      warnings,
    } as const;
    const records = [{ ...found, evidence: { artifacts: [artifact] } }];
    const explanation = explainRun({ runs: [run], pipelines: pipelines({ name: 'builds' }), records, unread: [] }, NOW);
    assert.deepEqual(explanation.runs[0]?.policies[0]?.warnings, warnings);
    assert.match(explanationText(explanation), /^ {4}HintIgnored: result "IMAGE_URL" \\u001b\[31m stands alone$/m);
  });

  it('reports that the operator has not processed a selected run yet', () => {
    const explanation = explainRun(
      { runs: [run], pipelines: pipelines({ name: 'builds' }), records: [], unread: [] },
      NOW,
    );
    assert.equal(explanation.isFine, false);
    assert.match(explanationText(explanation), /there is no record yet/);
  });

  it('reports until when a deletion guard keeps a run', () => {
    const made = pipelines({ name: 'builds', spec: { deletionGuard: { type: 'Hold', timeoutSeconds: 60 } } });
    const explain = (rest: Partial<RunSummary>): string =>
      explanationText(
        explainRun(
          { runs: [{ ...run, ...rest }], pipelines: made, records: [record('builds', 'Stored')], unread: [] },
          NOW,
        ),
      );
    const finalizers = ['hallmark.dev/deletion-guard'];
    assert.doesNotMatch(explain({}), /deletion guard/);
    assert.match(explain({ finalizers }), /^ {2}its deletion guard keeps it until it is stored$/m);
    const deleted = explain({ finalizers, deletionTimestamp: '2025-03-01T12:00:30Z' });
    assert.match(deleted, /^ {2}it was deleted at .*, until 2025-03-01T12:01:30Z at the latest$/m);
  });

  it('counts no policy that is suspended or audits among those that keep a run, nor one that does not select it', () => {
    const finalizers = ['hallmark.dev/deletion-guard'];
    const deletionGuard = { type: 'Hold', timeoutSeconds: 60 };
    const text = (spec: object, more: Partial<RunSummary> = {}): string => {
      const made = pipelines({ name: 'builds', spec: { deletionGuard, ...spec } });
      const runs = [{ ...run, finalizers, ...more }];
      return explanationText(explainRun({ runs, pipelines: made, records: [], unread: [] }, NOW));
    };
    const other = { selector: { matchLabels: { app: 'rolls' } } };
    for (const spec of [{ suspend: true }, { mode: 'Audit' }, other])
      for (const more of [{}, { deletionTimestamp: '2025-03-01T12:00:30Z' }])
        assert.match(text(spec, more), /no policy holds it any more: .*`hallmark release-runs` removes it$/m);
    assert.match(text(other, { pipelineRunUID: 'p' }), /its deletion guard keeps it until it is stored$/m);
    assert.match(text({}), /its deletion guard keeps it until it is stored$/m);
  });

  it('reports an unfinished run, and the kinds that it may not read', () => {
    const running: RunSummary = {
      ...identity,
      resourceVersion: '1',
      labels: {},
      managedBy: '',
      serviceAccountName: 'default',
      finalizers: [],
    };
    const explanation = explainRun(
      { runs: [running], pipelines: pipelines({ name: 'builds' }), records: [], unread: ['ClusterSigningPolicy'] },
      NOW,
    );
    assert.match(explanationText(explanation), /not finished/);
    assert.match(explanationText(explanation), /not allowed to read ClusterSigningPolicy/);
  });
});
