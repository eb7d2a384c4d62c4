// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FinishNotes, type FinishNotesLimits, type FinishedRunNote } from './finish-notes.ts';

const LIMITS: FinishNotesLimits = { total: 10, perNamespace: 4, assured: 1, idle: 6 };

function child(parentUID: string, key: string, rest: Partial<FinishedRunNote> = {}): FinishedRunNote {
  return { namespace: 'team-a', parentUID, key, uid: `uid-${key}`, digest: () => 'd', ...rest };
}

function noted(limits = LIMITS): FinishNotes {
  const notes = new FinishNotes(limits);
  notes.open('p', 'team-a');
  notes.note(child('p', 'a'), false);
  return notes;
}

describe('the notes of children', () => {
  it('tell the child that was seen finishing from another one, and from what it says later', () => {
    const notes = noted();
    assert.equal(notes.recall(child('p', 'a')), 'Seen');
    assert.equal(notes.recall(child('p', 'a', { uid: 'forged' })), 'Replaced');
    assert.equal(notes.recall(child('p', 'a', { digest: () => 'e' })), 'Changed');
    assert.equal(notes.recall(child('p', 'b')), 'Unseen');
    assert.equal(notes.recall(child('q', 'a')), 'Unseen');
  });

  it('keep the first of a name', () => {
    const notes = noted();
    notes.note(child('p', 'a', { uid: 'forged' }), false);
    assert.equal(notes.recall(child('p', 'a', { uid: 'forged' })), 'Replaced');
    assert.equal(notes.size, 1);
  });

  it('take none of a run of another namespace, whichever PipelineRun it names', () => {
    const notes = noted();
    const foreign = { namespace: 'team-b', uid: 'foreign' };
    notes.note(child('p', 'b', foreign), false);
    notes.note(child('p', 'b'), false);
    assert.equal(notes.recall(child('p', 'b')), 'Seen');
    notes.note(child('q', 'a', foreign), false);
    notes.open('q', 'team-a');
    notes.note(child('q', 'a'), false);
    assert.deepEqual([notes.recall(child('q', 'a')), notes.size], ['Seen', 3]);
  });

  it('remember that a child was not seen finishing', () => {
    const notes = noted();
    notes.note(child('p', 'b'), true);
    assert.equal(notes.recall(child('p', 'b')), 'Later');
    assert.equal(notes.recall(child('p', 'b', { uid: 'forged' })), 'Replaced');
  });

  it('begin again with a child that Tekton takes up again, and with no other of its name', () => {
    const notes = noted();
    notes.reopened({ parentUID: 'p', key: 'a', uid: 'forged' });
    assert.equal(notes.recall(child('p', 'a')), 'Seen');
    notes.reopened(child('p', 'a'));
    assert.equal(notes.recall(child('p', 'a')), 'Unseen');
    assert.equal(notes.size, 0);
  });

  it('of a TaskRun for itself outlive those of its PipelineRun', () => {
    const notes = noted();
    notes.open('uid-a', 'team-a');
    notes.note(child('uid-a', '', { uid: 'uid-a' }), false);
    notes.forget('p');
    assert.deepEqual([notes.size, notes.recall(child('uid-a', '', { uid: 'uid-a' }))], [1, 'Seen']);
  });

  it('go with their PipelineRun, and with the one that it is nested in', () => {
    const notes = noted();
    notes.open('inner', 'team-a');
    notes.note(child('p', 'PipelineRun/i', { uid: 'inner' }), false);
    notes.note(child('inner', 'x'), false);
    notes.forget('p');
    assert.deepEqual([notes.size, notes.isNoted('p'), notes.isNoted('inner')], [0, false, false]);
  });

  it('stay with a PipelineRun that no policy selects while there is room, the latest longest', () => {
    const notes = noted({ ...LIMITS, perNamespace: 10, idle: 5 });
    notes.close('p');
    notes.open('q', 'team-a');
    for (const key of ['a', 'b', 'c']) notes.note(child('q', key), false);
    assert.equal(notes.recall(child('p', 'a')), 'Seen');
    notes.close('q');
    assert.deepEqual([notes.size, notes.isNoted('p'), notes.recall(child('q', 'a'))], [3, false, 'Seen']);
    notes.open('q', 'team-a');
    notes.open('r', 'team-a');
    for (const key of ['a', 'b', 'c']) notes.note(child('r', key), false);
    notes.close('r');
    assert.deepEqual([notes.size, notes.isNoted('q'), notes.isNoted('r')], [6, true, true]);
  });

  it('wait for a PipelineRun that is not known yet', () => {
    const notes = noted({ ...LIMITS, perNamespace: 10 });
    notes.note(child('soon', 'a'), false);
    notes.open('soon', 'team-a');
    assert.equal(notes.recall(child('soon', 'a')), 'Seen');
    for (const key of ['b', 'c']) notes.note(child(`unknown-${key}`, key), false);
    assert.equal(notes.size, 4);
    notes.forget('soon');
    for (const key of ['d', 'e']) notes.note(child(`unknown-${key}`, key), false);
    assert.deepEqual([notes.size, notes.isNoted('unknown-b'), notes.isNoted('unknown-e')], [4, false, true]);
  });

  it('leave nothing of an unknown PipelineRun whose children all run again', () => {
    const notes = noted();
    for (const key of ['b', 'c']) notes.note(child('unknown', key), false);
    notes.reopened(child('unknown', 'b'));
    assert.equal(notes.isNoted('unknown'), true);
    notes.reopened(child('unknown', 'c'));
    assert.deepEqual([notes.size, notes.isNoted('unknown')], [1, false]);
  });

  it('take no more of a full namespace, and lose none for it', () => {
    const notes = noted();
    for (const key of ['b', 'c', 'd', 'e']) notes.note(child('p', key), false);
    assert.deepEqual([notes.size, notes.isFull('team-a'), notes.isFull('team-b')], [4, true, false]);
    assert.deepEqual([notes.recall(child('p', 'a')), notes.recall(child('p', 'e'))], ['Seen', 'Unseen']);
    notes.open('o', 'team-b');
    notes.note(child('o', 'a', { namespace: 'team-b' }), false);
    assert.equal(notes.recall(child('o', 'a')), 'Seen');
  });

  it('are bounded together, and each namespace has a share all the same', () => {
    const notes = noted();
    for (const namespace of ['b', 'c', 'd', 'e']) {
      notes.open(namespace, namespace);
      for (const key of ['1', '2', '3']) notes.note(child(namespace, key, { namespace }), false);
    }
    assert.deepEqual([notes.size, notes.isFull('d'), notes.isFull('f')], [11, true, false]);
    notes.open('f', 'f');
    for (const key of ['1', '2']) notes.note(child('f', key, { namespace: 'f' }), false);
    assert.deepEqual([notes.size, notes.recall(child('f', '1')), notes.isFull('f')], [12, 'Seen', true]);
    notes.forget('b');
    notes.forget('c');
    assert.deepEqual([notes.size, notes.isFull('f')], [6, false]);
  });

  it('of PipelineRuns that no policy selects push out none of another namespace', () => {
    const notes = noted({ ...LIMITS, perNamespace: 10 });
    notes.close('p');
    for (const key of ['1', '2', '3', '4', '5'])
      notes.note(child(`unknown-${key}`, key, { namespace: 'team-b' }), false);
    assert.deepEqual([notes.isNoted('p'), notes.isNoted('unknown-3'), notes.isNoted('unknown-5')], [true, false, true]);
  });
});
