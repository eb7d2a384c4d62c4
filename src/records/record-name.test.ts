// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordName } from './record-name.ts';

const policy = { kind: 'SigningPolicy', namespace: 'team-a', name: 'release' };

describe('recordName', () => {
  it('is the run name and ten characters that depend on run UID and policy alone', () => {
    const name = recordName({ name: 'bake-1', uid: 'u1' }, policy);
    assert.match(name, /^bake-1-[0-9a-hjkmnp-tv-z]{10}$/);
    assert.equal(recordName({ name: 'bake-1', uid: 'u1' }, { ...policy }), name);
  });

  it('differs by run UID and by each part of the policy', () => {
    const names = [
      recordName({ name: 'bake-1', uid: 'u1' }, policy),
      recordName({ name: 'bake-1', uid: 'u2' }, policy),
      recordName({ name: 'bake-1', uid: 'u1' }, { ...policy, kind: 'ClusterSigningPolicy' }),
      recordName({ name: 'bake-1', uid: 'u1' }, { ...policy, namespace: 'team-b' }),
      recordName({ name: 'bake-1', uid: 'u1' }, { ...policy, name: 'other' }),
      // The parts are separate: moving a character from one to the next makes another identity.
      recordName({ name: 'bake-1', uid: 'u1' }, { ...policy, namespace: 'team-ar', name: 'elease' }),
    ];
    assert.equal(new Set(names).size, names.length);
  });

  it('stays a DNS label however long or dotted the run name is', () => {
    for (const name of ['a'.repeat(253), `${'a'.repeat(51)}.b`, `${'b'.repeat(51)}--c`]) {
      const made = recordName({ name, uid: 'u1' }, policy);
      assert.ok(made.length <= 63, made);
      assert.match(made, /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);
      assert.doesNotMatch(made, /[-.]{2}/);
    }
  });
});
