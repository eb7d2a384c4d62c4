// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { recordConditionTypes } from '../../api/v1alpha1/provenance-record/status.ts';
import { Pipelines } from '../../pipelines/pipelines.ts';
import { policyDefinition } from '../../pipelines/policy-definition.fixture.ts';
import { recordName } from '../../records/record-name.ts';
import { storedRecord } from '../../records/stored-record.fixture.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import { type Goal, judgeWait, type WaitFacts, type WaitVerdict } from './judge-wait.ts';
import { parseSeconds } from './wait.ts';

const now = new Date('2025-03-02T00:00:00Z');
const running: RunSummary = {
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  namespace: 'team-a',
  name: 'bake',
  uid: 'r',
  resourceVersion: '1',
  labels: { app: 'bread' },
  managedBy: '',
  serviceAccountName: 'default',
  finalizers: [],
};
const run: RunSummary = {
  ...running,
  finished: { outcome: 'Succeeded', completionTime: '2025-03-01T12:00:00Z' },
};

type Status = 'True' | 'False';
/** The status of each condition, with a reason where it is not that of the record. */
type Conditions = Readonly<Record<string, Status | readonly [Status, string]>>;

function record(policyName: string, reason: string, conditions: Conditions, observedGeneration = 1): ProvenanceRecord {
  const parsed = parseProvenanceRecord(storedRecord({ policyName }));
  assert.ok(parsed.ok);
  const made = recordConditionTypes.flatMap((type) => {
    const given = conditions[type];
    if (given === undefined) return [];
    const [status, ownReason] = typeof given === 'string' ? [given, reason] : given;
    return [
      { type, status, reason: ownReason, message: '', observedGeneration, lastTransitionTime: '2025-01-01T00:00:00Z' },
    ];
  });
  const { metadata } = parsed.value;
  const name = recordName(run, { kind: 'SigningPolicy', namespace: 'team-a', name: policyName });
  const status = { reason, message: `because of ${reason}`, conditions: made };
  return { ...parsed.value, metadata: { ...metadata, name }, status };
}

function pipelinesOf(...specs: readonly { readonly name: string; readonly spec?: object }[]): WaitFacts['pipelines'] {
  const made = new Pipelines('hallmark-system');
  for (const { name, spec } of specs) made.setPolicy(policyDefinition('team-a', name, spec));
  return made.forNamespace('team-a');
}

const stored: Conditions = { Ready: 'True', Signed: 'True', Stored: 'True', Reconciling: 'False', Stalled: 'False' };
const working: Conditions = { Ready: 'False', Signed: 'True', Stored: 'False', Reconciling: 'True', Stalled: 'False' };
const stuck: Conditions = { Ready: 'False', Signed: 'False', Stored: 'False', Reconciling: 'False', Stalled: 'True' };

describe('the verdict on a run with records', () => {
  const cases: readonly (readonly [string, Goal, ProvenanceRecord, WaitVerdict['state']])[] = [
    ['is met once stored', 'stored', record('builds', 'Stored', stored), 'Met'],
    ['is met once signed, while storing goes on', 'signed', record('builds', 'BackendUnavailable', working), 'Met'],
    ['waits while the operator tries again', 'stored', record('builds', 'BackendUnavailable', working), 'Waiting'],
    ['fails where you must act', 'stored', record('builds', 'KeyNotFound', stuck), 'Failed'],
    [
      'fails where there is nothing to sign',
      'stored',
      record('builds', 'NoSubjects', { ...stuck, Stalled: 'False' }),
      'Failed',
    ],
    [
      'fails for an audit, which signs nothing',
      'stored',
      record('builds', 'AuditOnly', { ...stuck, Ready: 'True' }),
      'Failed',
    ],
    ['is met by an audit that is ready', 'ready', record('builds', 'AuditOnly', { ...stuck, Ready: 'True' }), 'Met'],
    ['waits for a first backend to store', 'verified', record('builds', 'Progressing', working), 'Waiting'],
    [
      'waits for the evidence to be read back',
      'verified',
      record('builds', 'Stored', { ...stored, Verified: ['False', 'Progressing'] }),
      'Waiting',
    ],
    ['is met once it was read back', 'verified', record('builds', 'Stored', { ...stored, Verified: 'True' }), 'Met'],
    [
      'fails where what was read back is damaged',
      'verified',
      record('builds', 'VerificationFailed', { ...stuck, Signed: 'True', Stored: 'True', Verified: 'False' }),
      'Failed',
    ],
    [
      'fails where what was read back is damaged, while storing elsewhere goes on',
      'verified',
      record('builds', 'Progressing', { ...working, Verified: ['False', 'VerificationFailed'] }),
      'Failed',
    ],
    ['waits for a status of this generation', 'stored', record('builds', 'KeyNotFound', stuck, 0), 'Waiting'],
    ['waits for a status at all', 'stored', record('builds', 'Progressing', {}), 'Waiting'],
  ];
  for (const [what, goal, given, state] of cases) {
    it(what, () => {
      const facts = { run, pipelines: pipelinesOf({ name: 'builds' }), records: [given], knowsPolicies: true };
      const verdict = judgeWait(facts, { goal, policy: undefined, now });
      assert.equal(verdict.state, state);
      assert.match(
        verdict.lines.join('\n'),
        new RegExp(`^SigningPolicy team-a/builds: ${given.status?.reason ?? ''}: because of`),
      );
    });
  }

  it('counts every policy, unless one is named', () => {
    const facts = {
      run,
      pipelines: pipelinesOf({ name: 'builds' }, { name: 'other' }),
      records: [record('builds', 'Stored', stored), record('other', 'KeyNotFound', stuck)],
      knowsPolicies: true,
    };
    assert.equal(judgeWait(facts, { goal: 'stored', policy: undefined, now }).state, 'Failed');
    assert.equal(judgeWait(facts, { goal: 'stored', policy: 'builds', now }).state, 'Met');
  });

  it('waits for the second policy that has no record yet', () => {
    const pipelines = pipelinesOf({ name: 'builds' }, { name: 'other' });
    const facts = { run, pipelines, records: [record('builds', 'Stored', stored)], knowsPolicies: true };
    assert.equal(judgeWait(facts, { goal: 'stored', policy: undefined, now }).state, 'Waiting');
  });

  it('holds for a run that is gone by its records alone', () => {
    const facts = { pipelines: [], records: [record('builds', 'Stored', stored)], knowsPolicies: true };
    assert.equal(judgeWait(facts, { goal: 'stored', policy: undefined, now }).state, 'Met');
  });
});

describe('the verdict on a run without records', () => {
  const judged = (facts: Partial<WaitFacts>, policy?: string): WaitVerdict =>
    judgeWait(
      { run, pipelines: pipelinesOf({ name: 'builds' }), records: [], knowsPolicies: true, ...facts },
      { goal: 'stored', policy, now },
    );

  it('waits while the run is running and a policy may select it', () => {
    assert.deepEqual(judged({ run: running }), {
      state: 'Waiting',
      lines: ['SigningPolicy team-a/builds: the run has not finished'],
    });
  });

  const labelled = pipelinesOf({ name: 'p', spec: { selector: { matchLabels: { a: 'b' } } } });

  it('waits while the run is running and may still get the labels that a policy selects', () => {
    assert.deepEqual(judged({ run: running, pipelines: labelled }), {
      state: 'Waiting',
      lines: ['SigningPolicy team-a/p does not select the run: its labels do not match spec.selector so far'],
    });
  });

  it('waits for the operator, which may know the end of a run that is gone', () => {
    assert.deepEqual(judged({ isGone: true }), {
      state: 'Waiting',
      lines: ['SigningPolicy team-a/builds: the run is gone, and there is no record of it yet'],
    });
  });

  it('waits for the operator once it has finished', () => {
    assert.deepEqual(judged({}), { state: 'Waiting', lines: ['SigningPolicy team-a/builds: there is no record yet'] });
  });

  const never: readonly (readonly [string, Partial<WaitFacts>, string | undefined, RegExp])[] = [
    [
      'it is gone and had not finished',
      { run: running, isGone: true },
      undefined,
      /builds: the run is gone, and was not seen to finish/,
    ],
    [
      'it is gone and had not finished, nor had it the labels',
      { run: running, isGone: true, pipelines: labelled },
      undefined,
      /the run is gone, and no record names it/,
    ],
    [
      'another manager runs it',
      { run: { ...running, managedBy: 'kueue' } },
      undefined,
      /builds does not select the run: it cannot select the run/,
    ],
    ['no policy selects it', { pipelines: labelled }, undefined, /p does not select the run: the run's labels/],
    [
      'no policy can select it, even before it has finished',
      { run: running, pipelines: pipelinesOf({ name: 'p', spec: { runs: { kinds: ['PipelineRun'] } } }) },
      undefined,
      /p does not select the run/,
    ],
    ['no policy reaches its namespace', { pipelines: [] }, undefined, /no policy reaches namespace team-a/],
    ['there is no such policy', {}, 'bulids', /no policy named bulids reaches namespace team-a/],
  ];
  for (const [what, facts, policy, line] of never) {
    it(`fails at once where ${what}`, () => {
      const { state, lines } = judged(facts, policy);
      assert.equal(state, 'Failed');
      assert.match(lines.join('\n'), line);
    });
  }

  it('waits where a policy that cannot be read may select it', () => {
    assert.equal(judged({ pipelines: [], knowsPolicies: false }).state, 'Waiting');
  });
});

describe('the time to wait', () => {
  for (const [text, seconds] of [
    ['90', 90],
    ['90s', 90],
    ['5m', 300],
    ['1h30m', 5400],
    ['24h', 86_400],
  ] as const) {
    it(`reads ${text}`, () => {
      assert.equal(parseSeconds(text), seconds);
    });
  }
  for (const text of ['', '0s', '-1s', '5 m', '1d', '25h']) {
    it(`refuses "${text}"`, () => {
      assert.throws(() => parseSeconds(text), InvalidArgumentError);
    });
  }
});
