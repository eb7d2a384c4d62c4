// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { field, isObject } from '../../json/fields.ts';
import { finishedRun } from '../../tekton/finished-run.ts';
import { attested, materialsOf } from '../attested.fixture.ts';
import type { AttestedOptions } from '../attested.fixture.ts';
import { payloads } from '../payloads.ts';
import { slsaBuildType, slsaTektonBuildType } from './build-type.ts';

const hex = '1'.repeat(64);
const refSource = { uri: 'git+https://git.example/a', digest: { sha1: 'a'.repeat(40) }, entryPoint: 'a.yaml' };

function step(name: string, rest: object = {}) {
  return { name, imageID: `reg.example/${name}@sha256:${hex}`, ...rest };
}

function names(run: unknown, options?: AttestedOptions): readonly unknown[] {
  return materialsOf(attested(run, options)).map((entry) => field(entry, 'name') ?? field(entry, 'uri'));
}

function pipeline(children: readonly object[], status: object = {}) {
  const objects = children.map((childStatus, index) => ({
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: `c${index}`, labels: { 'tekton.dev/pipelineTask': 't' } },
    status: { completionTime: '2025-01-01T00:00:00Z', ...childStatus },
  }));
  const childReferences = objects.map(({ metadata }) => ({ kind: 'TaskRun', name: metadata.name }));
  const run = {
    kind: 'PipelineRun',
    metadata: { name: 'p' },
    status: { pipelineSpec: { tasks: [{ name: 't' }] }, childReferences, ...status },
  };
  return { run, options: { children: objects } };
}

describe('resolvedDependencies of a TaskRun', () => {
  it('name the task, images, steps and inputs in this order', () => {
    const git = [
      { name: 'CHAINS-GIT_URL', value: 'https://git.example/step' },
      { name: 'CHAINS-GIT_COMMIT', value: 'c1 ' },
    ];
    const input = { name: 'ARTIFACT_INPUTS', value: { uri: 'pkg:a', digest: `SHA256: ${hex}` } };
    const run = {
      status: {
        provenance: { refSource },
        steps: [step('a', { results: [input, ...git], provenance: { refSource } })],
        sidecars: [step('side')],
        results: [{ name: 'ARTIFACT_INPUTS', value: { uri: 'pkg:b', digest: `sha256:${hex}` } }],
      },
    };
    assert.deepEqual(materialsOf(attested(run)), [
      { name: 'task', uri: refSource.uri, digest: refSource.digest },
      { uri: 'oci://reg.example/a', digest: { sha256: hex } },
      { uri: 'oci://reg.example/side', digest: { sha256: hex } },
      { name: 'inputs/result', uri: 'git+https://git.example/step.git', digest: { sha1: 'c1 ' } },
      { name: 'inputs/result', uri: 'pkg:a', digest: { sha256: hex } },
      { name: 'stepAction/a', uri: refSource.uri, digest: refSource.digest },
      { name: 'inputs/result', uri: 'pkg:b', digest: { sha256: hex } },
    ]);
    assert.deepEqual(names(run, { format: 'slsa/v2alpha3' }), [
      'task',
      'oci://reg.example/a',
      'oci://reg.example/side',
      'inputs/result',
    ]);
  });

  it('keep step actions that repeat, and drop images that do', () => {
    const steps = [step('a', { provenance: { refSource } }), { ...step('a'), name: 'b', provenance: { refSource } }];
    assert.deepEqual(names({ status: { steps } }), ['oci://reg.example/a', 'stepAction/a', 'stepAction/b']);
  });

  it('leave out images whose ID has more than one digest', () => {
    const steps = ['i@sha256:a:b', 'i@sha256:a@sha256:b', 'i'].map((imageID) => ({ name: 's', imageID }));
    const stated = attested({ status: { steps } });
    assert.deepEqual(materialsOf(stated), []);
    assert.equal(stated.warnings.length, 3);
  });
});

describe('resolvedDependencies of a PipelineRun', () => {
  const stepGit = [
    { name: 'CHAINS-GIT_URL', value: 'https://git.example/step' },
    { name: 'CHAINS-GIT_COMMIT', value: 'c1' },
  ];

  it('name the pipeline, and per child its task, step actions and images', () => {
    const child = {
      provenance: { refSource: { ...refSource, uri: 'git+task' } },
      steps: [step('a', { provenance: { refSource } })],
    };
    const { run, options } = pipeline([child], { provenance: { refSource } });
    assert.deepEqual(names(run, options), ['pipeline', 'pipelineTask', 'stepAction/a', 'oci://reg.example/a']);
    assert.deepEqual(names(run, { ...options, format: 'slsa/v2alpha3' }), [
      'pipeline',
      'pipelineTask',
      'oci://reg.example/a',
    ]);
  });

  it('include inputs that steps declare only under deep inspection', () => {
    const { run, options } = pipeline([{ steps: [step('a', { results: stepGit })] }]);
    assert.deepEqual(names(run, options), ['oci://reg.example/a']);
    assert.deepEqual(names(run, { ...options, deepInspection: true }), ['oci://reg.example/a', 'inputs/result']);
  });

  it('need both the URL and the commit of the source, where a TaskRun needs the commit alone', () => {
    const results = [{ name: 'CHAINS-GIT_COMMIT', value: 'c1' }];
    assert.deepEqual(names({ kind: 'PipelineRun', status: { results } }), []);
    assert.equal(field(materialsOf(attested({ status: { results } }))[0], 'uri'), 'git+.git');
  });

  it('include each whole TaskRun for the slsa-tekton build type, as the Go types write it', () => {
    const { run, options } = pipeline([{ podName: 'a<b' }, { podName: 'other' }]);
    const materials = materialsOf(attested(run, { ...options, buildType: slsaTektonBuildType }));
    assert.equal(materials.length, 2);
    assert.deepEqual(Object.keys(isObject(materials[0]) ? materials[0] : {}), ['content', 'name']);
    assert.equal(
      Buffer.from(String(field(materials[0], 'content')), 'base64').toString(),
      '{"kind":"TaskRun","apiVersion":"tekton.dev/v1","metadata":{"name":"c0","labels":{"tekton.dev/pipelineTask":"t"}},' +
        '"spec":{"serviceAccountName":""},"status":{"podName":"a\\u003cb","completionTime":"2025-01-01T00:00:00Z"}}',
    );
  });

  it('leave out children that have not completed, with a warning', () => {
    const { run, options } = pipeline([{ steps: [step('a')], completionTime: null }]);
    const stated = attested(run, options);
    assert.deepEqual(materialsOf(stated), []);
    assert.deepEqual(stated.warnings, [
      'ChildMissing: TaskRun c0, a child of PipelineRun p, has no completion time: stated without it',
    ]);
  });
});

describe('internalParameters', () => {
  function internal(run: unknown, buildType: string): unknown {
    return field(field(attested(run, { buildType }).predicate, 'buildDefinition'), 'internalParameters');
  }

  it('hold labels and annotations for the slsa-tekton build type, null if absent', () => {
    const metadata = { labels: {}, annotations: { 'chains.tekton.dev/signed': 'true' } };
    assert.deepEqual(internal({ metadata: {} }, slsaTektonBuildType), { labels: null, annotations: null });
    assert.deepEqual(internal({ metadata }, slsaTektonBuildType), metadata);
    assert.deepEqual(internal({ metadata }, slsaBuildType), {});
  });

  it('hold the feature flags, even when all are unset', () => {
    const run = { status: { provenance: { featureFlags: { EnableAPIFields: 'beta', maxResultSize: 0 } } } };
    assert.deepEqual(internal(run, slsaBuildType), { 'tekton-pipelines-feature-flags': {} });
  });

  it('exist only for the two build types', () => {
    assert.throws(
      () => internal({}, 'https://example.com/other'),
      /must be one of https:\/\/tekton.dev\/chains\/v2\/slsa, /,
    );
    assert.deepEqual(internal({}, ''), {});
  });
});

describe('the bytes', () => {
  it('are compact, with the keys of the predicate sorted by byte and no HTML escapes', () => {
    const labels = Object.fromEntries(['\uffee', '😀', 'b', '10', '9', 'B<'].map((key) => [key, '&']));
    const { text } = attested({ metadata: { name: 't', uid: 'u', labels } }, { buildType: slsaTektonBuildType });
    assert.equal(
      text,
      '{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1","predicate":' +
        '{"buildDefinition":{"buildType":"https://tekton.dev/chains/v2/slsa-tekton","externalParameters":{"runSpec":' +
        '{"serviceAccountName":""}},"internalParameters":{"annotations":null,"labels":{"10":"&","9":"&","B<":"&","b":"&",' +
        '"\uffee":"&","😀":"&"}}},"runDetails":{"builder":{"id":"b"},"metadata":{"invocationId":"u"}}}}',
    );
  });

  it('come with image signatures only for TaskRuns', () => {
    const status = { results: [{ name: 'IMAGES', value: `reg.example/app@sha256:${hex}` }] };
    const attestation = {
      format: 'None',
      builderID: '',
      buildType: '',
      deepInspection: false,
      redactParameters: [],
    } as const;
    const count = (kind: string) =>
      payloads(finishedRun({ kind, status }, []), { attestation, imageSignatureFormats: ['SimpleSigning'] }).length;
    assert.deepEqual([count('TaskRun'), count('PipelineRun')], [1, 0]);
  });
});
