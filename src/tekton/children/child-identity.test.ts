// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controllingPipelineRun, type Sighting, whyReplaced } from './child-identity.ts';

const parent = { name: 'p', uid: 'u', completionTime: '2026-01-01T00:01:00Z' };
const owner = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', name: 'p', uid: 'u', controller: true };

function child(creationTimestamp: unknown = '2026-01-01T00:00:30Z', ...ownerReferences: readonly object[]) {
  return { metadata: { creationTimestamp, ownerReferences: ownerReferences.length === 0 ? [owner] : ownerReferences } };
}

const late = /^was created at .*, after PipelineRun p had completed at 2026-01-01T00:01:00Z$/;
const foreign = /^is not controlled by PipelineRun p$/;
type Row = readonly [what: string, object: unknown, why: RegExp | undefined, sighting?: Sighting];
const rows: readonly Row[] = [
  ['one that was created before the end', child(), undefined],
  ['one of the very last second', child('2026-01-01T00:01:00Z'), undefined],
  ['one that was not seen finishing', child(), undefined, 'Unseen'],
  ['one that was read later', child(), undefined, 'Later'],
  ['one that was created a second after the end', child('2026-01-01T00:01:01Z'), late],
  ['one without a time of creation', child(''), late],
  ['one whose time of creation is no text', child(5), late],
  ['one of another PipelineRun', child(undefined, { ...owner, uid: 'v' }), foreign],
  ['one that only names the PipelineRun as an owner', child(undefined, { ...owner, controller: false }), foreign],
  ['one of a Pipeline with its UID', child(undefined, { ...owner, kind: 'Pipeline' }), foreign],
  ['one of another group', child(undefined, { ...owner, apiVersion: 'evil.dev/v1' }), foreign],
  ['one without owners', { metadata: { creationTimestamp: '2026-01-01T00:00:30Z' } }, foreign],
  ['one with another UID', child(), /its UID is another$/, 'Replaced'],
  ['one that says something else', child(), /^was changed after it had finished$/, 'Changed'],
];

describe('a child of a PipelineRun', () => {
  for (const [what, object, why, sighting = 'Seen'] of rows) {
    it(`${why === undefined ? 'is' : 'is not'} ${what}`, () => {
      const found = whyReplaced(object, parent, sighting);
      if (why === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', why);
    });
  }

  it('may be created at any time while its PipelineRun runs', () => {
    const running = { ...parent, completionTime: undefined };
    assert.equal(whyReplaced(child('2030-01-01T00:00:00Z'), running, 'Seen'), undefined);
  });

  it('is never one of a PipelineRun without a UID', () => {
    assert.match(whyReplaced(child(undefined, { ...owner, uid: '' }), { ...parent, uid: '' }, 'Seen') ?? '', foreign);
  });
});

describe('the controlling PipelineRun', () => {
  it('is the one owner that controls, as an object has one at most', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', uid: 'x', controller: true };
    assert.equal(controllingPipelineRun(child(undefined, pod, owner)), undefined);
    assert.deepEqual(controllingPipelineRun(child(undefined, { ...pod, controller: false }, owner)), {
      name: 'p',
      uid: 'u',
    });
  });
});
