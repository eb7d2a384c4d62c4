// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSame, restoringChanges } from './restoring-changes.ts';

const kept = { key: '/registry/namespaces/default', revision: '3', value: 'ZGVmYXVsdA==' };
const lease = { key: '/registry/leases/kube-system/apiserver-1', revision: '4', value: 'MQ==' };
const snapshot = [kept, lease];

describe('the way back to a snapshot', () => {
  it('is nothing where nothing changed', () => {
    assert.deepEqual(restoringChanges(snapshot, snapshot), []);
  });

  it('removes what is new', () => {
    const made = { key: '/registry/hallmark.dev/signingpolicies/a/b', revision: '9', value: '' };
    assert.deepEqual(restoringChanges(snapshot, [...snapshot, made]), [{ key: made.key }]);
  });

  it('gives what changed, and what was removed, its value of then', () => {
    const putBack = [{ key: kept.key, value: kept.value }];
    assert.deepEqual(restoringChanges(snapshot, [{ ...kept, revision: '9' }, lease]), putBack);
    assert.deepEqual(restoringChanges(snapshot, [lease]), putBack);
  });

  it('leaves what servers keep up to date, and puts no Event back', () => {
    const event = { key: '/registry/events/default/e', revision: '2', value: '' };
    const held = { key: '/registry/leases/tekton-pipelines/controller', revision: '8', value: '' };
    assert.deepEqual(restoringChanges([...snapshot, event], [kept, { ...lease, revision: '7' }, held]), []);
  });

  it('removes the Leases of a test', () => {
    const held = { key: '/registry/leases/hallmark-system/hallmark', revision: '8', value: '' };
    assert.deepEqual(restoringChanges(snapshot, [...snapshot, held]), [{ key: held.key }]);
  });
});

describe('a control plane at rest', () => {
  it('renews its Leases only', () => {
    assert.equal(isSame(snapshot, [kept, { ...lease, revision: '5' }]), true);
    assert.equal(isSame(snapshot, [{ ...kept, revision: '5' }, lease]), false);
    assert.equal(isSame(snapshot, [lease]), false);
  });
});
