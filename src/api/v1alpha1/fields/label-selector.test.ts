// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labelSelectorMatches, type LabelSelector } from './label-selector.ts';

const labels = { app: 'web', tier: 'front', empty: '' };

describe('labelSelectorMatches', () => {
  const cases: readonly (readonly [string, LabelSelector | undefined, boolean])[] = [
    ['no selector selects everything', undefined, true],
    ['an empty selector selects everything', {}, true],
    ['a selector of empty terms selects everything', { matchLabels: {}, matchExpressions: [] }, true],
    ['a label with its value', { matchLabels: { app: 'web' } }, true],
    ['a label with another value', { matchLabels: { app: 'db' } }, false],
    ['all labels must match', { matchLabels: { app: 'web', tier: 'back' } }, false],
    ['an absent label is not an empty one', { matchLabels: { absent: '' } }, false],
    ['an empty label is an empty one', { matchLabels: { empty: '' } }, true],
    ['In: one of the values', { matchExpressions: [{ key: 'app', operator: 'In', values: ['db', 'web'] }] }, true],
    ['In: none of the values', { matchExpressions: [{ key: 'app', operator: 'In', values: ['db'] }] }, false],
    ['In: absent', { matchExpressions: [{ key: 'absent', operator: 'In', values: [''] }] }, false],
    ['NotIn: none of the values', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }] }, true],
    ['NotIn: one of the values', { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false],
    [
      'NotIn holds where the label is absent',
      { matchExpressions: [{ key: 'absent', operator: 'NotIn', values: ['a'] }] },
      true,
    ],
    ['Exists: there', { matchExpressions: [{ key: 'empty', operator: 'Exists' }] }, true],
    ['Exists: absent', { matchExpressions: [{ key: 'absent', operator: 'Exists' }] }, false],
    ['DoesNotExist: absent', { matchExpressions: [{ key: 'absent', operator: 'DoesNotExist' }] }, true],
    ['DoesNotExist: there', { matchExpressions: [{ key: 'empty', operator: 'DoesNotExist' }] }, false],
    [
      'labels and expressions must both hold',
      { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['back'] }] },
      false,
    ],
    [
      'all expressions must hold',
      {
        matchExpressions: [
          { key: 'app', operator: 'Exists' },
          { key: 'tier', operator: 'NotIn', values: ['back'] },
        ],
      },
      true,
    ],
    ['a member of every object is no label', { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, false],
  ];
  for (const [name, selector, expected] of cases) {
    it(name, () => {
      assert.equal(labelSelectorMatches(selector, labels), expected);
    });
  }
});
