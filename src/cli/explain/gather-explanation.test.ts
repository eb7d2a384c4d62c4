// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ModelApi, notServed } from '../../kube/model-api.fixture.ts';
import { NAMESPACES } from '../../kube/core-resources.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { storedRecord } from '../../records/stored-record.fixture.ts';
import { runResources } from '../../kube/tekton-resources.ts';
import { ManualClock } from '../../runtime/manual-clock.fixture.ts';
import { gatherExplanation } from './gather-explanation.ts';

const signal = new AbortController().signal;

describe('what an explanation is gathered from', () => {
  for (const [missing, isGathered] of [
    ['policyceilings', true],
    ['signingpolicies', false],
  ] as const) {
    it(`${isGathered ? 'can' : 'cannot'} do without ${missing}`, async () => {
      const api = new ModelApi(new ManualClock());
      const run = { metadata: { namespace: 'team-a', name: 'bake' }, spec: {}, status: {} };
      await api.client.create(runResources.TaskRun, run, { signal });
      api.intercept = ({ resource }, serve) => {
        if (resource.startsWith(`${missing}.`)) throw notServed();
        return serve();
      };
      const target = { run: 'taskrun/bake', namespace: 'team-a', operatorNamespace: 'hallmark-system' };
      const gathering = gatherExplanation(api.client, target, signal);
      if (!isGathered) await assert.rejects(gathering, /could not find the requested resource/);
      else assert.deepEqual((await gathering).unread, []);
    });
  }

  for (const [isBounded, names] of [
    [false, ['bake']],
    [true, ['bake', 'other']],
  ] as const) {
    it(`is ${isBounded ? 'every record of a namespace whose records a ceiling counts' : 'the records of the run alone'}`, async () => {
      const api = new ModelApi(new ManualClock());
      const run = { metadata: { namespace: 'team-a', name: 'bake' }, spec: {}, status: {} };
      await api.client.create(runResources.TaskRun, run, { signal });
      for (const runName of ['bake', 'other'])
        await api.add(hallmarkResource('ProvenanceRecord'), storedRecord({ runName }));
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } };
      await api.client.create(NAMESPACES, namespace, { signal });
      const ceiling = { metadata: { name: 'all' }, spec: { namespaceSelector: {}, counts: { records: 9 } } };
      if (isBounded) await api.client.create(hallmarkResource('PolicyCeiling'), ceiling, { signal });
      const target = { run: 'taskrun/bake', namespace: 'team-a', operatorNamespace: 'hallmark-system' };
      const { records } = await gatherExplanation(api.client, target, signal);
      assert.deepEqual(
        records.map(({ spec }) => spec.runRef.name),
        names,
      );
    });
  }
});
