// SPDX-License-Identifier: Apache-2.0
import type { RefusedManifest } from './case.fixture.ts';
import { anyRepository, backend, clusterPolicy, policy } from './case-objects.fixture.ts';

const labelKeyRule = 'must be a label key: an optional DNS prefix and a slash, then a name';
const labelValueRule =
  "must be a label value: letters, digits, '-', '_' and '.', beginning and ending with a letter or digit";
/** Label selectors that must be refused. */
export const selectorCases: readonly RefusedManifest[] = [
  {
    name: 'In without values',
    manifest: policy({ selector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }),
    path: 'spec.selector.matchExpressions[0]',
    message: 'values must not be empty for the operators In and NotIn, and must be empty for Exists and DoesNotExist',
  },
  {
    name: 'NotIn with no values',
    manifest: policy({ selector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: [] }] } }),
    path: 'spec.selector.matchExpressions[0]',
    message: 'values must not be empty for the operators In and NotIn, and must be empty for Exists and DoesNotExist',
  },
  {
    name: 'Exists with values',
    manifest: clusterPolicy({
      subjects: anyRepository,
      namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] },
    }),
    path: 'spec.namespaceSelector.matchExpressions[0]',
    message: 'values must not be empty for the operators In and NotIn, and must be empty for Exists and DoesNotExist',
  },
  {
    name: 'an unknown operator',
    manifest: policy({ selector: { matchExpressions: [{ key: 'a', operator: 'Equals', values: ['b'] }] } }),
    path: 'spec.selector.matchExpressions[0].operator',
    message: 'must be In or NotIn or Exists or DoesNotExist',
    serverMessage: 'supported values: "In", "NotIn", "Exists", "DoesNotExist"',
  },
  {
    name: 'a label key with a space in an expression',
    manifest: policy({ selector: { matchExpressions: [{ key: 'a b', operator: 'Exists' }] } }),
    path: 'spec.selector.matchExpressions[0].key',
    message: labelKeyRule,
  },
  {
    name: 'a label key with a space',
    manifest: policy({ selector: { matchLabels: { 'a b': 'c' } } }),
    path: 'spec.selector.matchLabels',
    message: `every key ${labelKeyRule}`,
  },
  {
    name: 'a label value with a slash',
    manifest: backend({ type: 'Tekton', selector: { matchLabels: { 'example.com/a': 'b/c' } } }),
    path: 'spec.selector.matchLabels["example.com/a"]',
    message: labelValueRule,
  },
  {
    name: 'more labels than a selector may hold',
    manifest: policy({
      selector: { matchLabels: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`key${String(n)}`, 'v'])) },
    }),
    path: 'spec.selector.matchLabels',
    message: 'must NOT have more than 32 properties',
    serverMessage: 'must have at most 32 items',
  },
];
