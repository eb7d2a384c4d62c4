// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isObject, objectField } from '../../json/fields.ts';
import { type PolicyDefinition } from '../../pipelines/definitions.ts';
import type { Pipeline } from '../../pipelines/pipeline.ts';
import { readPolicy } from '../../pipelines/read-policy.ts';
import { isFinished } from '../../pipelines/selection/run-selection.ts';
import { parseImageReference } from '../../tekton/images/image-reference.ts';
import { finishedRun } from '../../tekton/finished-run.ts';
import { awaitedChild, planRecord, type RecordDraft } from './plan-run.ts';
import type { PendingPipeline, RunSnapshot } from './run-snapshot.ts';
import { policyKey } from '../../pipelines/policy-key.ts';

const NOW = new Date('2025-03-01T00:01:00Z');
const DEADLINE = new Date('2025-03-01T00:02:00Z');

function planRun(given: RunSnapshot): readonly RecordDraft[] {
  return given.pending.map((pending) => planRecord(given, pending));
}

function run(kind: RunKind, status: object = {}): unknown {
  const condition = { type: 'Succeeded', status: 'True', reason: 'Succeeded' };
  return {
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata: { namespace: 'team-a', name: 'bake-1', uid: 'r' },
    spec: {},
    status: { conditions: [condition], completionTime: '2025-03-01T00:00:00Z', ...status },
  };
}

const pipelineRun = run('PipelineRun', {
  childReferences: [{ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake-1-mix', pipelineTaskName: 'mix' }],
});

function withResults(object: unknown, results: readonly object[]): unknown {
  assert.ok(isObject(object));
  return { ...object, status: { ...objectField(object, 'status'), results } };
}

function child(status: object, metadata: object = {}): unknown {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: {
      ...{ namespace: 'team-a', name: 'bake-1-mix', uid: 'c', creationTimestamp: '2025-02-28T23:59:00Z', ...metadata },
      ownerReferences: [{ apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', uid: 'r', controller: true }],
    },
    spec: {},
    status,
  };
}

function policy(spec: object = {}): PolicyDefinition {
  const metadata = {
    namespace: 'team-a',
    name: 'builds',
    uid: 'p',
    generation: 4,
    resourceVersion: '1',
    creationTimestamp: '2025-01-01T00:00:00Z',
  };
  const signer = { type: 'Key', key: { secretRef: { name: 'k' } } };
  const object = { apiVersion: 'hallmark.dev/v1alpha1', kind: 'SigningPolicy', metadata, spec: { signer, ...spec } };
  const read = readPolicy(object, 'ops');
  assert.ok(read !== undefined, policyKey({ kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' }));
  return read;
}

function snapshot(object: unknown, of: PolicyDefinition = policy(), rest: Partial<RunSnapshot> = {}): RunSnapshot {
  const finished = finishedRun(object, []);
  const { summary } = finished;
  assert.ok(isFinished(summary));
  const pipeline: Pipeline = { policy: of, backends: [], missing: [{ kind: 'StorageBackend', name: 'later' }] };
  const pending = [{ pipeline, recordName: 'bake-1-x', existing: undefined }];
  const times = { childrenDeadline: DEADLINE, now: NOW };
  return { summary, run: finished, isHeavy: false, isChanged: false, pending, failures: [], ...times, ...rest };
}

describe('planRun', () => {
  it("records the payload, for the policy's signer to sign if it can", () => {
    const [draft] = planRun(snapshot(run('TaskRun')));
    assert.deepEqual(
      draft?.evidence.artifacts.map(({ name, signature }) => [name, signature]),
      [['attestation', undefined]],
    );
    assert.equal(draft.evidence.artifacts[0]?.policyGeneration, 4);
    assert.notEqual(draft.toSign.length, 0);
    assert.deepEqual(draft.spec.backendRefs, [{ kind: 'StorageBackend', name: 'later' }]);
    assert.deepEqual(draft.spec.runRef, { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake-1', uid: 'r' });
  });

  it('does not sign a run with an ignored subject when its policy refuses such runs', () => {
    const halved = run('TaskRun', { results: [{ name: 'IMAGE_URL', value: 'reg.example/app' }] });
    const drafts = (['Warn', 'Refuse'] as const).map(
      (onIgnored) => planRun(snapshot(halved, policy({ subjects: { onIgnored } })))[0],
    );
    assert.deepEqual(
      drafts.map((draft) => (draft?.toSign.length ?? 0) > 0),
      [true, false],
    );
    for (const draft of drafts) assert.match(draft?.evidence.artifacts[0]?.warnings?.join() ?? '', /^HintIgnored: /);
  });

  it('freezes that its policy drops payloads once they are stored', () => {
    for (const [record, frozen] of [
      [{ evidence: 'UntilStored' }, 'UntilStored'],
      [{ evidence: 'Keep' }, undefined],
      [{}, undefined],
    ] as const) {
      const [draft] = planRun(snapshot(run('TaskRun'), policy({ record })));
      assert.equal(draft?.spec.evidence, frozen);
    }
  });

  it('freezes the retention of its policy', () => {
    const retentions = [
      [undefined, { type: 'Seconds', seconds: 604_800 }],
      [{ retention: 'Keep' }, { type: 'Keep' }],
      [{ retention: 'WithRun' }, { type: 'WithRun' }],
      [
        { retention: 'Seconds', seconds: 3600 },
        { type: 'Seconds', seconds: 3600 },
      ],
    ];
    for (const [record, frozen] of retentions) {
      const [draft] = planRun(snapshot(run('TaskRun'), policy(record && { record })));
      assert.deepEqual(draft?.spec.retention, frozen);
    }
  });

  it('freezes no limit of the platform in a record that ends with its run, as the limit may change', () => {
    const limited = policy();
    const spec = { ...limited.spec, record: { retention: 'WithRun', seconds: 60 } } as const;
    const [draft] = planRun(snapshot(run('TaskRun'), { ...limited, spec }));
    assert.deepEqual(draft?.spec.retention, { type: 'WithRun' });
  });

  it('binds nothing while no backend is in reach', () => {
    const given = snapshot(run('TaskRun'));
    const pending = given.pending.map((of) => ({ ...of, pipeline: { ...of.pipeline, missing: [] } }));
    assert.equal(planRun({ ...given, pending })[0]?.spec.backendRefs, undefined);
  });

  const problems: readonly (readonly [when: string, given: RunSnapshot, reason: string])[] = [
    ['the policy is invalid', snapshot(run('TaskRun'), { ...policy(), invalid: 'spec.x' }), 'PolicyInvalid'],
    [
      'the run cannot be read',
      snapshot(run('TaskRun'), policy(), { run: { reason: 'PayloadInvalid', message: 'x' } }),
      'PayloadInvalid',
    ],
    ['a child is not there', snapshot(pipelineRun), 'ChildMissing'],
    [
      'neither attestation nor image is to be signed',
      snapshot(run('TaskRun'), policy({ attestation: { format: 'None' } })),
      'NoSubjects',
    ],
    [
      'the only image that is to be signed cannot be read',
      snapshot(
        run('TaskRun', { results: [{ name: 'IMAGE_URL', value: 'reg.example/app' }] }),
        policy({ attestation: { format: 'None' } }),
      ),
      'SubjectIgnored',
    ],
  ];
  for (const [when, given, reason] of problems) {
    it(`records the reason and nothing to sign when ${when}`, () => {
      const [draft] = planRun(given);
      assert.deepEqual(draft?.evidence.artifacts, []);
      assert.equal(draft.evidence.problem?.reason, reason);
      assert.deepEqual(draft.toSign, []);
    });
  }

  it('warns of a run that was changed after its end, in the first artifact that it has', () => {
    const results = [
      { name: 'IMAGE_URL', value: 'reg.example/app' },
      { name: 'IMAGE_DIGEST', value: `sha256:${'a'.repeat(64)}` },
    ];
    for (const format of ['slsa/v1', 'None']) {
      const of = policy({ attestation: { format } });
      const [draft] = planRun(snapshot(run('TaskRun', { results }), of, { isChanged: true }));
      const [first, ...others] = draft?.evidence.artifacts ?? [];
      assert.match(first?.warnings?.[0] ?? '', /^RunChanged: .* TaskRun bake-1 are not those that it finished with/);
      assert.doesNotMatch(JSON.stringify(others), /RunChanged/);
      assert.notEqual(draft?.toSign.length, 0);
    }
  });

  it('does not wait for a child that was replaced, and leaves it out with a warning', () => {
    const forged = child({}, { creationTimestamp: '2025-03-01T00:00:01Z' });
    const given = snapshot(pipelineRun, policy(), { run: finishedRun(pipelineRun, [forged]) });
    const [draft] = planRun(given);
    assert.match(draft?.evidence.artifacts[0]?.warnings?.[0] ?? '', /^ChildReplaced: child TaskRun bake-1-mix was /);
    assert.notEqual(draft?.toSign.length, 0);
    const refusing = { ...given.pending[0]?.pipeline, policy: policy({ children: { onMissing: 'Refuse' } }) };
    const pending = given.pending.map((of) => ({ ...of, pipeline: { ...of.pipeline, ...refusing } }));
    assert.deepEqual(planRun({ ...given, pending })[0]?.toSign, []);
  });

  it('warns of its children first, so that nothing hides what is left out', () => {
    const results = Array.from({ length: 100 }, (_, index) => ({
      name: `a${index}IMAGE_URL`,
      value: 'reg.example/app',
    }));
    const [draft] = planRun(snapshot(withResults(pipelineRun, results), policy(), { now: DEADLINE }));
    const warnings = draft?.evidence.artifacts[0]?.warnings ?? [];
    assert.match(warnings[0] ?? '', /^ChildMissing: /);
    assert.match(warnings.at(-1) ?? '', /^More: /);
  });

  it('leaves out a deleted child after its deadline, with a warning', () => {
    const [draft] = planRun(snapshot(pipelineRun, policy(), { now: DEADLINE }));
    const warnings = draft?.evidence.artifacts[0]?.warnings ?? [];
    assert.ok(warnings.some((warning) => warning.includes('bake-1-mix is gone')));
  });
});

describe('planRun, for the images of an index', () => {
  const image = `reg.example/app@sha256:${'a'.repeat(64)}`;
  const child = parseImageReference(`reg.example/app@sha256:${'b'.repeat(64)}`);
  assert.ok(child !== undefined);
  const results = [
    { name: 'IMAGE_URL', value: 'reg.example/app' },
    { name: 'IMAGE_DIGEST', value: `sha256:${'a'.repeat(64)}` },
  ];
  const formats = ['SimpleSigning', 'SigstoreStatement'];
  const asking = policy({ imageSignatures: { formats, indexChildren: true } });
  const given = snapshot(run('TaskRun', { results }), asking);
  const draftWith = (indexImages: NonNullable<PendingPipeline['indexImages']>) =>
    planRun({ ...given, pending: given.pending.map((pending) => ({ ...pending, indexImages })) })[0];

  it('signs each image and the index, in each format, under separate names', () => {
    const draft = draftWith(new Map([[image, { images: [child, child], warnings: ['one is left out'] }]]));
    const artifacts = draft?.evidence.artifacts.filter(({ type }) => type === 'ImageSignature') ?? [];
    assert.deepEqual(
      artifacts.map(({ form, subjects, warnings }) => [form, subjects?.[0]?.at(-1), warnings]),
      [
        ['SimpleSigning', 'a', ['one is left out']],
        ['SimpleSigning', 'b', undefined],
        ['SigstoreStatement', 'a', ['one is left out']],
        ['SigstoreStatement', 'b', undefined],
      ],
    );
    assert.equal(new Set(artifacts.map(({ name }) => name)).size, 4);
    assert.equal(draft?.toSign.length, draft?.evidence.artifacts.length);
  });

  it('attests only the image that the run built', () => {
    const draft = draftWith(new Map([[image, { images: [child], warnings: [] }]]));
    assert.equal(draft?.evidence.artifacts.find(({ type }) => type === 'Attestation')?.subjectCount, 1);
  });

  it('signs nothing and reports why while the index cannot be read', () => {
    const draft = draftWith({ reason: 'BackendUnavailable', message: 'reading it: no answer' });
    assert.deepEqual(draft?.evidence, {
      artifacts: [],
      problem: { reason: 'BackendUnavailable', message: 'reading it: no answer' },
    });
    assert.deepEqual(draft.toSign, []);
  });
});

describe('awaitedChild', () => {
  const condition = { type: 'Succeeded', status: 'True', reason: 'Succeeded' };
  const done = { conditions: [condition], completionTime: '2025-03-01T00:00:00Z' };
  const rows: readonly (readonly [
    when: string,
    children: readonly unknown[],
    now: Date,
    reason: string | undefined,
  ])[] = [
    ['a child is not there', [], NOW, 'ChildMissing'],
    ['a child runs', [child({})], NOW, 'WaitingForChildren'],
    ['all have finished', [child(done)], NOW, undefined],
    ['the deadline is over', [], DEADLINE, undefined],
  ];
  for (const [when, children, now, reason] of rows) {
    it(`${reason === undefined ? 'waits for none' : `reports ${reason}`} when ${when}`, () => {
      assert.equal(awaitedChild(finishedRun(pipelineRun, children), now, DEADLINE)?.reason, reason);
    });
  }
});
