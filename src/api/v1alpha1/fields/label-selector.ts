// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import type { CelRule } from './cel-rule.ts';
import { celPattern, matchesRule } from './cel-rule.ts';
import { field, isObject, listField } from '../../../json/fields.ts';
import type { Immutable } from './immutable.ts';

const MAX_TERMS = 32;
const MAX_KEY_LENGTH = 317;
const labelKey = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

const valueSchema = Type.String({
  maxLength: 63,
  'x-kubernetes-validations': [
    matchesRule(
      labelValue,
      "must be a label value: letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
    ),
  ],
});

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

const valuesRule: CelRule = {
  rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
  message: 'values must not be empty for the operators In and NotIn, and must be empty for Exists and DoesNotExist',
  holds: (self) => {
    const operator = field(self, 'operator');
    return (operator === 'In' || operator === 'NotIn') === listField(self, 'values').length > 0;
  },
};

const keysRule: CelRule = {
  rule: `self.all(key, key.size() <= ${String(MAX_KEY_LENGTH)} && key.matches(r'${celPattern(labelKey)}'))`,
  message: 'every key must be a label key: an optional DNS prefix and a slash, then a name',
  holds: (self) =>
    Object.keys(isObject(self) ? self : {}).every((key) => key.length <= MAX_KEY_LENGTH && labelKey.test(key)),
};

const expressionSchema = Type.Object(
  {
    key: Type.String({
      description: 'Label key.',
      minLength: 1,
      maxLength: MAX_KEY_LENGTH,
      'x-kubernetes-validations': [
        matchesRule(labelKey, 'must be a label key: an optional DNS prefix and a slash, then a name'),
      ],
    }),
    operator: Type.Enum([...operators], { description: 'How the label is compared with the values.' }),
    values: Type.Optional(
      Type.Array(valueSchema, {
        description: 'Values for In and NotIn; absent for Exists and DoesNotExist.',
        maxItems: 64,
        'x-kubernetes-list-type': 'set',
      }),
    ),
  },
  { 'x-kubernetes-validations': [valuesRule] },
);

/** A bounded map of labels. */
export function labelMap(description: string, maxProperties = MAX_TERMS) {
  return Type.Record(Type.String(), valueSchema, {
    description,
    maxProperties,
    'x-kubernetes-validations': [keysRule],
  });
}

/** A label selector as in metav1, with bounds. `description` names the selected objects. */
export function labelSelector(description: string) {
  return Type.Object(
    {
      matchLabels: Type.Optional(labelMap('Labels that must all be there with these values.')),
      matchExpressions: Type.Optional(
        Type.Array(expressionSchema, {
          description: 'Requirements that must all hold.',
          maxItems: MAX_TERMS,
          'x-kubernetes-list-type': 'atomic',
        }),
      ),
    },
    { description, 'x-kubernetes-map-type': 'atomic' },
  );
}

export type LabelSelector = Immutable<Static<ReturnType<typeof labelSelector>>>;
type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];
type Labels = Readonly<Record<string, string>>;

/**
 * True when `labels` satisfy `selector`, as in metav1.LabelSelector: all terms must hold, an absent or empty selector
 * selects everything, and NotIn holds where the label is absent.
 */
export function labelSelectorMatches(selector: LabelSelector | undefined, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    matchExpressions.every((requirement) => requirementHolds(requirement, labels))
  );
}

function requirementHolds({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labelOf(labels, key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Read own properties only: a label named like a member of Object.prototype counts only if it was set. */
function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** True when a selector has no terms and so selects everything. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
}
