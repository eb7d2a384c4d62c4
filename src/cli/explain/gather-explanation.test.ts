// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ModelApi, notServed } from '../../kube/model-api.fixture.ts';
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
});
