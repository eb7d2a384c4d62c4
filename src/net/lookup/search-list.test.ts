// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { candidates, parseSearchList } from './search-list.ts';

describe('parseSearchList', () => {
  const cases: readonly [string, string, ReturnType<typeof parseSearchList>][] = [
    ['nothing', '', { domains: [], ndots: 1 }],
    [
      'the last list and the last ndots',
      'search a b\noptions ndots:2 timeout:1\ndomain c d\noptions ndots:3',
      { domains: ['c'], ndots: 3 },
    ],
    [
      'no comments, no dots of the root',
      '# search x\n; search y\nsearch a. . b # c\n',
      { domains: ['a', 'b'], ndots: 1 },
    ],
    ['no more than the C library takes', 'options ndots:99', { domains: [], ndots: 15 }],
    ['zero, and no number that is none', 'options ndots:0\noptions ndots:x', { domains: [], ndots: 0 }],
  ];
  for (const [what, text, expected] of cases) {
    it(`reads ${what}`, () => {
      assert.deepEqual(parseSearchList(text), expected);
    });
  }
});

describe('candidates', () => {
  it('come in the order of the C library', () => {
    const list = { domains: ['a', 'b'], ndots: 2 };
    assert.deepEqual(candidates('x.y', list), ['x.y.a', 'x.y.b', 'x.y']);
    assert.deepEqual(candidates('x.y.z', list), ['x.y.z', 'x.y.z.a', 'x.y.z.b']);
    assert.deepEqual(candidates('x.', list), ['x']);
  });
});
