// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { apiVersionOf, objectKey, parseObjectKey, resourceName, resourcePath, type Resource } from './resource.ts';

const taskRuns: Resource<unknown> = {
  group: 'tekton.dev',
  version: 'v1',
  plural: 'taskruns',
  kind: 'TaskRun',
  namespaced: true,
  parse: (object) => object,
};
const namespaces: Resource<unknown> = {
  ...taskRuns,
  group: '',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};

describe('a resource', () => {
  it('has the paths of the Kubernetes API', () => {
    assert.equal(resourcePath(taskRuns, {}), '/apis/tekton.dev/v1/taskruns');
    assert.equal(resourcePath(taskRuns, { namespace: 'a' }), '/apis/tekton.dev/v1/namespaces/a/taskruns');
    const status = { namespace: 'a', name: 'b', subresource: 'status' };
    assert.equal(resourcePath(taskRuns, status), '/apis/tekton.dev/v1/namespaces/a/taskruns/b/status');
    assert.equal(resourcePath(namespaces, { namespace: 'ignored', name: 'a' }), '/api/v1/namespaces/a');
  });

  it('lets no name leave its segment of the path', () => {
    const path = resourcePath(taskRuns, { namespace: 'a/../b', name: '../secrets?x=y#z' });
    assert.equal(path, '/apis/tekton.dev/v1/namespaces/a%2F..%2Fb/taskruns/..%2Fsecrets%3Fx%3Dy%23z');
  });

  it('has no path for an empty name, which would be the whole collection', () => {
    for (const name of ['', '.', '..']) {
      assert.throws(() => resourcePath(taskRuns, { namespace: 'a', name }), RangeError);
      assert.throws(() => resourcePath(taskRuns, { namespace: name, name: 'a' }), RangeError);
    }
  });

  it('has the names people write', () => {
    assert.deepEqual([resourceName(taskRuns), resourceName(namespaces)], ['taskruns.tekton.dev', 'namespaces']);
    assert.deepEqual([apiVersionOf(taskRuns), apiVersionOf(namespaces)], ['tekton.dev/v1', 'v1']);
  });

  it('has objects whose keys can be taken apart again', () => {
    for (const name of [{ namespace: 'a', name: 'b' }, { name: 'b' }]) {
      assert.deepEqual(parseObjectKey(objectKey(name)), name);
    }
  });
});
