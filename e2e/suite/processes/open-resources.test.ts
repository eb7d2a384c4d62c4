// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstOpenAfter } from './open-resources.ts';

const start = { file: '', resources: ['PipeWrap'] };

describe('what keeps a process alive', () => {
  it('is named with the file that left it behind', () => {
    const history = [
      start,
      { file: 'a', resources: ['PipeWrap', 'Timeout'] },
      { file: 'b', resources: ['PipeWrap'] },
      { file: 'c', resources: ['PipeWrap', 'Timeout', 'TCPServerWrap'] },
      { file: 'd', resources: ['PipeWrap', 'Timeout', 'Timeout', 'TCPServerWrap'] },
    ];
    assert.equal(firstOpenAfter(history), 'Timeout of c, TCPServerWrap of c');
  });

  it('may have begun after the last file', () => {
    assert.equal(firstOpenAfter([start, { file: 'a', resources: [] }]), 'something of a that began later');
  });
});
