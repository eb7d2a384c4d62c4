// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FinishNotes } from '../memory/runs/finish-notes.ts';
import { recordingDelayMs } from './recording-delay.ts';

describe('the wait before the notes of a PipelineRun are written', () => {
  it('is none where nothing is recorded', () => {
    assert.equal(recordingDelayMs(undefined), 0);
  });

  for (const [count, delayMs] of [
    [49, 0],
    [50, 1000],
    [1000, 2000],
    [4096, 5000],
  ] as const) {
    it(`is ${delayMs} ms after ${count} of them`, () => {
      const notes = new FinishNotes();
      notes.open('p', 'team-a');
      notes.setRecorded('p', true);
      for (let index = 0; index < count; index += 1)
        notes.restore('p', `${index}`, { note: { uid: `${index}`, digest: '', isLater: false }, isOutdated: false });
      assert.equal(recordingDelayMs(notes.recorded('p')), delayMs);
    });
  }
});
