// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { field, objectField } from '../../json/fields.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { KubeError } from '../../kube/kube-error.ts';
import { ModelApi, notServed } from '../../kube/model-api.fixture.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { chainsTraces } from './chains-traces.ts';
import { type ReleaseOptions, releaseHeldRuns } from './release-held-runs.ts';

const GUARD = 'hallmark.dev/deletion-guard';
const signal = new AbortController().signal;

describe('releaseHeldRuns', () => {
  let api: ModelApi;
  let lines: string[];
  beforeEach(async () => {
    api = new ModelApi(new ManualClock());
    lines = [];
    const make = (kind: 'TaskRun' | 'PipelineRun', namespace: string, name: string, finalizers: readonly string[]) =>
      api.client.create(runResources[kind], { metadata: { namespace, name, ...{ finalizers } } }, { signal });
    await make('TaskRun', 'team-a', 'bake', ['chains.tekton.dev', GUARD]);
    await make('TaskRun', 'team-a', 'fry', ['chains.tekton.dev']);
    await make('PipelineRun', 'team-b', 'ship', [GUARD]);
    api.requests.length = 0;
  });

  function release(rest: Partial<Pick<ReleaseOptions, 'namespace' | 'isDryRun' | 'traces'>> = {}) {
    const print = (line: string): unknown => lines.push(line);
    return releaseHeldRuns(api.client, { namespace: undefined, isDryRun: false, signal, print, ...rest });
  }

  function finalizers(): Readonly<Record<string, unknown>> {
    const runs = [...api.objects('taskruns'), ...api.objects('pipelineruns')].map((run) =>
      objectField(run, 'metadata'),
    );
    return Object.fromEntries(runs.map(({ name, finalizers: own }): [string, unknown] => [String(name), own]));
  }

  it('removes its own finalizer from the runs of all namespaces, and leaves those of others', async () => {
    assert.deepEqual(await release(), { released: 2, failed: 0 });
    assert.deepEqual(finalizers(), { bake: ['chains.tekton.dev'], fry: ['chains.tekton.dev'], ship: [] });
    assert.deepEqual(lines, [
      'PipelineRun team-b/ship is let go',
      'TaskRun team-a/bake is let go',
      '2 runs are let go, 0 are still held',
    ]);
    assert.equal(api.count('patch taskruns.tekton.dev'), 1);
  });

  it('leaves other namespaces alone where one is given', async () => {
    assert.deepEqual(await release({ namespace: 'team-a' }), { released: 1, failed: 0 });
    assert.deepEqual(finalizers()['ship'], [GUARD]);
  });

  it('only lists in a dry run', async () => {
    assert.deepEqual(await release({ isDryRun: true }), { released: 2, failed: 0 });
    assert.deepEqual(finalizers()['bake'], ['chains.tekton.dev', GUARD]);
    assert.equal(lines.at(-1), '2 runs are held');
  });

  it('takes up a run again that another client changes at the same time', async () => {
    let isFirst = true;
    api.intercept = ({ verb, resource }, serve) => {
      if (verb === 'patch' && resource.startsWith('taskruns') && isFirst) {
        isFirst = false;
        api.rewrite('taskruns', (run) => {
          const metadata = { ...objectField(run, 'metadata'), resourceVersion: '99', finalizers: [GUARD, 'other'] };
          return { ...run, metadata };
        });
      }
      return serve();
    };
    assert.equal((await release({ namespace: 'team-a' })).failed, 0);
    assert.deepEqual(finalizers()['bake'], ['other']);
  });

  it('goes on after a run that it may not change, and counts it', async () => {
    api.intercept = ({ verb, resource }, serve) => {
      if (verb === 'patch' && resource.startsWith('pipelineruns'))
        throw new KubeError({ status: 403, reason: 'Forbidden', message: 'not allowed' });
      return serve();
    };
    assert.deepEqual(await release(), { released: 1, failed: 1 });
    assert.equal(lines[0], 'PipelineRun team-b/ship is still held: not allowed');
  });

  it('has nothing to do where Tekton is not installed', async () => {
    api.intercept = () => {
      throw notServed();
    };
    assert.deepEqual(await release(), { released: 0, failed: 0 });
  });

  describe('with the traces of Chains', () => {
    const EVIDENCE = 'chains.tekton.dev/payload-taskrun-1';

    beforeEach(async () => {
      const metadata = {
        ...{ namespace: 'team-a', name: 'stir', finalizers: ['chains.tekton.dev/taskrun', 'other'] },
        annotations: { [EVIDENCE]: 'e30=', 'chains.tekton.dev/signed': 'true', note: 'mine' },
      };
      await api.client.create(runResources.TaskRun, { metadata }, { signal });
    });

    async function clean(annotations: boolean, isDryRun = false): Promise<object> {
      const traces = await chainsTraces(api.client, { annotations, namespace: undefined, signal });
      return release({ traces, isDryRun });
    }

    function annotationsOf(name: string): unknown {
      const run = api.objects('taskruns').find((one) => field(objectField(one, 'metadata'), 'name') === name);
      return field(objectField(run, 'metadata'), 'annotations');
    }

    it('removes the finalizers of Chains, its early one too, and nothing else', async () => {
      assert.deepEqual(await clean(false), { released: 3, failed: 0 });
      assert.deepEqual(finalizers(), { bake: [GUARD], fry: [], stir: ['other'], ship: [GUARD] });
      assert.ok(JSON.stringify(annotationsOf('stir')).includes(EVIDENCE));
      assert.equal(lines.at(-1), '3 runs are clean, 0 still have traces of Tekton Chains');
    });

    it('removes its annotations where that is asked for, and leaves those of others', async () => {
      await clean(true);
      assert.deepEqual(annotationsOf('stir'), { note: 'mine' });
    });

    it('leaves the annotations of a run that a record keeps evidence in', async () => {
      const uid = field(
        objectField(
          api.objects('taskruns').find((one) => field(objectField(one, 'metadata'), 'name') === 'stir'),
          'metadata',
        ),
        'uid',
      );
      const record = {
        metadata: { namespace: 'team-a', name: 'stir-1' },
        spec: { runRef: { uid } },
        status: { storage: [{ locations: [{ uri: 'tekton://team-a/taskruns/stir/1#taskrun-1' }] }] },
      };
      await api.client.create(hallmarkResource('ProvenanceRecord'), record, { signal });
      await clean(true);
      assert.ok(JSON.stringify(annotationsOf('stir')).includes(EVIDENCE));
      assert.deepEqual(finalizers()['stir'], ['other']);
    });

    it('leaves the annotations of a run that Hallmark wrote to and that no record names, because it is gone or too young', async () => {
      const written = { 'f:metadata': { 'f:annotations': { 'f:chains.tekton.dev/signature-taskrun-1': {} } } };
      const add = (name: string, manager: string) =>
        api.client.create(
          runResources.TaskRun,
          {
            metadata: {
              ...{ namespace: 'team-a', name, annotations: { [EVIDENCE]: 'e30=' } },
              ...{ managedFields: [{ manager, operation: 'Update', fieldsType: 'FieldsV1', fieldsV1: written }] },
            },
          },
          { signal },
        );
      await add('ours', 'hallmark-storage');
      await add('theirs', 'tekton-chains-controller');
      await clean(true);
      assert.deepEqual(annotationsOf('ours'), { [EVIDENCE]: 'e30=' });
      assert.deepEqual(annotationsOf('theirs'), {});
    });

    it('only lists in a dry run', async () => {
      await clean(true, true);
      assert.deepEqual(finalizers()['stir'], ['chains.tekton.dev/taskrun', 'other']);
      assert.ok(lines.includes('TaskRun team-a/stir has traces of Tekton Chains'));
    });
  });
});
