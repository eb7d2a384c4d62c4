// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field, isObject } from '../json/fields.ts';
import { finishedRun } from '../tekton/finished-run.ts';
import { attested, byProductsOf, materialsOf } from './attested.fixture.ts';
import { payloads } from './payloads.ts';
import { buildTypes, slsaBuildType, slsaTektonBuildType } from './slsa-v1/build-type.ts';

const done = (status: string, reason: string) => ({ conditions: [{ type: 'Succeeded', status, reason }] });

describe('the outcome of a run', () => {
  const outcomes = [
    ['False', 'TaskRunTimeout', 'Failed'],
    ['False', 'TaskRunCancelled', 'Cancelled'],
  ] as const;
  for (const [status, reason, outcome] of outcomes) {
    it(`is a by-product of the SLSA 1.0 formats when it ${outcome.toLowerCase()}`, () => {
      const run = { metadata: { name: 't' }, status: done(status, reason) };
      for (const format of ['slsa/v2alpha3', 'slsa/v2alpha4'] as const) {
        assert.deepEqual(byProductsOf(attested(run, { format })), [['hallmark/outcome', outcome]]);
      }
      assert.doesNotMatch(attested(run, { format: 'slsa/v1' }).text, /hallmark/);
    });
  }

  it('is not stated when it succeeded, as in the reference', () => {
    assert.doesNotMatch(attested({ status: done('True', 'Succeeded') }).text, /hallmark/);
  });
});

describe('children that are not TaskRuns', () => {
  const reference = { apiVersion: 'tekton.dev/v1beta1', kind: 'CustomRun', name: 'p-wait', pipelineTaskName: 'wait' };
  const nested = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: 'p-sub', pipelineTaskName: 'sub' };
  const run = {
    kind: 'PipelineRun',
    metadata: { name: 'p', uid: 'u' },
    status: { ...done('True', 'Succeeded'), childReferences: [reference, nested] },
  };
  const customRun = {
    kind: 'CustomRun',
    metadata: { name: 'p-wait', uid: 'c1' },
    status: done('False', 'CustomRunCancelled'),
  };

  it('are by-products, with UID and outcome when their objects are given', () => {
    const { outcome, uid, ...bare } = { ...reference, uid: 'c1', outcome: 'Cancelled' };
    const stated = byProductsOf(attested(run, { children: [customRun] }));
    assert.deepEqual(stated, [['hallmark/children', [{ ...bare, uid, outcome }, nested]]]);
  });

  it('are never missing', () => {
    assert.deepEqual(finishedRun(run, []).missingChildren, []);
  });
});

describe('redacted parameters', () => {
  const secret = 'hunter2-very-secret';
  const child = {
    kind: 'TaskRun',
    metadata: { name: 'p-a', labels: { 'tekton.dev/pipelineTask': 'a' } },
    spec: { params: [{ name: 'renamed', value: secret }] },
    status: {
      completionTime: '2025-01-01T00:00:00Z',
      startTime: '2025-01-01T00:00:00Z',
      taskSpec: {
        params: [{ name: 'password', default: 'default-secret', enum: ['default-secret'] }],
        steps: [{ name: 's', image: 'i', args: [`--token=${secret}`], script: `curl -u me:${secret}` }],
      },
      steps: [{ name: 's', imageID: `i@sha256:${'1'.repeat(64)}` }],
      results: [{ name: 'echo', value: `printed ${secret}` }],
    },
  };
  const run = {
    kind: 'PipelineRun',
    metadata: {
      name: 'p',
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': `{"spec":{"params":[{"value":"short"},"${secret}"]}}`,
        note: `for ${secret}`,
      },
    },
    spec: {
      params: [
        { name: 'password', value: secret },
        { name: 'keys', value: ['array-secret-1', 'short'] },
        { name: 'open', value: 'to-be-seen' },
      ],
      pipelineSpec: { params: [{ name: 'password', default: 'default-secret' }] },
    },
    status: {
      pipelineSpec: { params: [{ name: 'password', default: 'default-secret' }], tasks: [{ name: 'a' }] },
      childReferences: [{ kind: 'TaskRun', name: 'p-a', pipelineTaskName: 'a' }],
    },
  };
  const options = { children: [child], deepInspection: true, redactParameters: ['password', 'keys'] };

  for (const format of ['slsa/v1', 'slsa/v2alpha3', 'slsa/v2alpha4'] as const) {
    for (const buildType of buildTypes) {
      it(`appear nowhere in ${format} with build type ${buildType}`, () => {
        const { text } = attested(run, { ...options, format, buildType });
        const decoded = text.replace(/"content":"([^"]*)"/g, (_, content: string) =>
          Buffer.from(content, 'base64').toString(),
        );
        for (const value of [secret, 'default-secret', 'array-secret-1']) assert.ok(!decoded.includes(value), decoded);
        assert.match(decoded, /\[redacted\]/);
        assert.match(decoded, /to-be-seen/);
      });
    }
  }

  it('appear without redaction, which shows that the test above can fail', () => {
    const { text } = attested(run, { ...options, redactParameters: [], buildType: slsaTektonBuildType });
    assert.ok(text.includes(secret) && text.includes('array-secret-1') && text.includes('default-secret'));
  });

  it('change nothing without a parameter of that name', () => {
    const plain = attested(run, { ...options, redactParameters: [], buildType: slsaTektonBuildType });
    const redacted = attested(run, { ...options, redactParameters: ['other'], buildType: slsaTektonBuildType });
    const withoutApplied = (text: string) =>
      text.replace(/"kubectl[^,]*last-applied-configuration":"(?:[^"\\]|\\.)*"/g, '');
    assert.equal(withoutApplied(redacted.text), withoutApplied(plain.text));
  });

  it('hide the annotation that repeats the whole manifest', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"value":"tiny"}' };
    const manifest = { metadata: { annotations }, spec: { params: [{ name: 'p', value: 'tiny' }] } };
    const { text } = attested(manifest, { redactParameters: ['p'], buildType: slsaTektonBuildType });
    assert.doesNotMatch(text, /tiny/);
  });

  it('do not hide subjects, only the source when its parameters are redacted', () => {
    const url = 'https://git.example/secret-project';
    const built = {
      spec: {
        params: ['image', 'CHAINS-GIT_URL', 'CHAINS-GIT_COMMIT'].map((name, i) => ({
          name,
          value: ['reg.example/app', url, 'c1'][i],
        })),
      },
      status: { results: [{ name: 'IMAGES', value: `reg.example/app@sha256:${'1'.repeat(64)}` }] },
    };
    const stated = attested(built, { redactParameters: ['image', 'CHAINS-GIT_URL'] });
    assert.deepEqual(
      stated.subjects.map(({ name }) => name),
      ['reg.example/app'],
    );
    assert.deepEqual(materialsOf(stated), []);
    assert.doesNotMatch(stated.text, /secret-project/);
  });
});

describe('limits', () => {
  const attestation = {
    format: 'slsa/v2alpha4',
    builderID: 'b',
    buildType: slsaBuildType,
    deepInspection: false,
    redactParameters: [],
  } as const;

  it('states thousands of results', () => {
    const results = Array.from({ length: 5000 }, (_, index) => [
      { name: `i${index}IMAGE_URL`, value: `reg.example/app${index % 7}` },
      { name: `i${index}IMAGE_DIGEST`, value: `sha256:${index.toString(16).padStart(64, '0')}` },
      { name: `note${index}`, value: 'n' },
    ]).flat();
    const run = finishedRun({ kind: 'TaskRun', metadata: { name: 't' }, status: { results } }, []);
    const stated = payloads(run, { attestation, imageSignatureFormats: ['SimpleSigning'] });
    assert.equal(stated.length, 5001);
    assert.equal(stated[0]?.subjects.length, 5000);
    assert.equal(new Set(stated.map(({ name }) => name)).size, 5001);
  });

  it('takes linear time for any repetition in a run', () => {
    const count = 1000;
    const many = <T>(make: (index: number) => T): readonly T[] =>
      Array.from({ length: count }, (_, index) => make(index));
    const references = many((index) => `$(tasks.t${index}.results.r)`).join(' ');
    const steps = many((index) => ({ name: `s${index}`, imageID: `i@sha256:${'1'.repeat(64)}` }));
    const digests = Object.fromEntries(many((index) => [`a${index}`, 'x']));
    const artifacts = { outputs: [{ buildOutput: true, values: [{ uri: 'pkg:a', digest: digests }] }] };
    const child = {
      kind: 'TaskRun',
      metadata: { name: 'c', labels: { 'tekton.dev/pipelineTask': 't' } },
      status: { completionTime: '2025-01-01T00:00:00Z', taskSpec: { steps }, steps, artifacts },
    };
    const tasks = [{ name: 't', params: [{ name: 'p', value: references }] }];
    const status = { pipelineSpec: { tasks }, childReferences: [{ kind: 'TaskRun', name: 'c' }] };
    const before = process.cpuUsage();
    attested({ kind: 'PipelineRun', status }, { format: 'slsa/v1', children: [child], deepInspection: true });
    attested(child, { format: 'slsa/v1' });
    assert.ok(process.cpuUsage(before).user < 10_000_000);
  });

  it('refuses to redact more values than the limit', () => {
    const value = Array.from({ length: 300 }, (_, index) => `secret-${index}`);
    const run = { spec: { params: [{ name: 'p', value }] } };
    assert.throws(() => attested(run, { redactParameters: ['p'] }), /at most 256 can be redacted/);
  });

  it('keeps names that are special in JavaScript', () => {
    const params = ['__proto__', 'constructor', 'toString'].map((name) => ({ name, value: name }));
    const labels: unknown = JSON.parse('{"__proto__":"l"}');
    const run = { kind: 'TaskRun', metadata: { name: 't', labels }, spec: { params } };
    const { predicate } = attested(run, { format: 'slsa/v1' });
    const invocation = field(predicate, 'invocation');
    const parameters = field(invocation, 'parameters');
    assert.ok(isObject(parameters));
    assert.deepEqual(Object.keys(parameters), ['__proto__', 'constructor', 'toString']);
    assert.equal(JSON.stringify(field(field(invocation, 'environment'), 'labels')), '{"__proto__":"l"}');
  });

  it('refuses times that cannot be written', () => {
    const run = { status: { startTime: '9999-12-31T23:59:59-01:00' } };
    for (const format of ['slsa/v1', 'slsa/v2alpha4'] as const) {
      assert.throws(() => attested(run, { format }), /years 1 to 9999/);
    }
  });

  it('names the parameter or result that has no value', () => {
    assert.throws(() => attested({ spec: { params: [{ name: 'p' }] } }), /parameter "p" has no value/);
    assert.throws(
      () => attested({ status: { results: [{ name: 'r' }] } }),
      /result "r" of taskRunResults\/ has no value/,
    );
  });
});
