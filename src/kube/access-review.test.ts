// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { field } from '../json/fields.ts';
import { ManualClock } from '../runtime/manual-clock.fixture.ts';
import { isAllowed } from './access-review.ts';
import { KubeError } from './kube-error.ts';
import { ModelApi } from './model-api.fixture.ts';
import { runResources } from './tekton-resources.ts';

describe('the question whether this process may do something', () => {
  let api: ModelApi;
  let asked: unknown[];
  beforeEach(() => {
    api = new ModelApi(new ManualClock());
    asked = [];
  });

  function ask(answer: () => unknown, namespace = 'team-a'): Promise<boolean | undefined> {
    api.intercept = ({ path, body }) => {
      asked.push([path, field(field(body, 'spec'), 'resourceAttributes')]);
      return answer();
    };
    const { signal } = new AbortController();
    return isAllowed(api.client, { verb: 'patch', resource: runResources.TaskRun, namespace }, signal);
  }

  it('is answered by the API server', async () => {
    for (const allowed of [true, false]) assert.equal(await ask(() => ({ status: { allowed } })), allowed);
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const attributes = { verb: 'patch', group: 'tekton.dev', resource: 'taskruns' };
    assert.deepEqual(asked[0], [path, { ...attributes, namespace: 'team-a' }]);
    await ask(() => ({ status: { allowed: true } }), '');
    assert.deepEqual(asked.at(-1), [path, attributes], 'for all namespaces');
  });

  it('has no answer where the API server gives none', async () => {
    const forbidden = new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
    const fail = (): never => {
      throw forbidden;
    };
    assert.equal(await ask(fail), undefined);
    assert.equal(await ask(() => ({})), undefined);
  });
});
