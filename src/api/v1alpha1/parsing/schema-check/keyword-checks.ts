// SPDX-License-Identifier: Apache-2.0
import { field, isObject, listField, type JsonObject } from '../../../../json/fields.ts';
import type { CelRule } from '../../fields/cel-rule.ts';
import { isDateTime } from '../../fields/date-time.ts';
import { bounds } from './bounds.ts';
import { allOf, noProblems, requirement, type SchemaCheck } from './schema-problem.ts';

/** Makes the check of a keyword from its argument, and from the schema that it stands in. */
export type KeywordCheck = (argument: unknown, schema: JsonObject) => SchemaCheck;

/** The keyword of the rules in CEL. */
export const RULES = 'x-kubernetes-validations';
export const LIST_TYPE = 'x-kubernetes-list-type';
const LIST_KEYS = 'x-kubernetes-list-map-keys';

/**
 * The keywords that look at one value alone. A keyword about values of one type lets those of another pass, because `type`
 * refuses them.
 */
export const keywordChecks: Readonly<Record<string, KeywordCheck>> = {
  type: (type) => requirement('type', type, typeTest(type), `must be of type ${String(type)}`),
  const: (only) => requirement('const', only, (value) => value === only, `must be ${String(only)}`),
  enum: (known, schema) => {
    const values = listField(schema, 'enum');
    return requirement('enum', known, (value) => values.includes(value), `must be ${values.join(' or ')}`);
  },
  [RULES]: rulesHold,
  ...bounds,
  pattern: (pattern) => {
    const expression = new RegExp(String(pattern), 'u');
    const message = `must match pattern "${String(pattern)}"`;
    return requirement('pattern', pattern, (value) => typeof value !== 'string' || expression.test(value), message);
  },
  format: formatHolds,
  uniqueItems: entriesAreUnique,
};

function typeTest(type: unknown): (value: unknown) => boolean {
  switch (type) {
    case 'object':
      return isObject;
    case 'array':
      return Array.isArray;
    case 'integer':
      return Number.isInteger;
    case 'number':
      return Number.isFinite;
    case 'string':
    case 'boolean':
      return (value) => typeof value === type;
    default:
      throw new Error(`no check for values of the type ${String(type)}`);
  }
}

function formatHolds(format: unknown): SchemaCheck {
  switch (format) {
    case 'date-time': {
      const message = 'must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z';
      return requirement('format', format, (value) => typeof value !== 'string' || isDateTime(value), message);
    }
    case 'int32': {
      const holds = (value: unknown): boolean => typeof value !== 'number' || Math.abs(value) < 2 ** 31;
      return requirement('format', format, holds, 'must fit into 32 bits');
    }
    case 'int64': {
      const holds = (value: unknown): boolean => typeof value !== 'number' || Number.isSafeInteger(value);
      return requirement('format', format, holds, `must be an integer of at most ${Number.MAX_SAFE_INTEGER}`);
    }
    default:
      throw new Error(`no check for values of the format ${String(format)}`);
  }
}

/** A rule about a change has no equivalent in code, because there is no old object. */
function rulesHold(argument: unknown, schema: JsonObject): SchemaCheck {
  const rules = listField(schema, RULES)
    .filter(isRuleInCode)
    .map(({ holds, message }) => requirement(RULES, argument, holds, message));
  return allOf(rules);
}

function isRuleInCode(rule: unknown): rule is Required<Pick<CelRule, 'holds' | 'message'>> {
  return typeof field(rule, 'holds') === 'function' && typeof field(rule, 'message') === 'string';
}

/** The lists that ask for it hold texts. */
function entriesAreUnique(argument: unknown): SchemaCheck {
  return (value) => {
    if (!Array.isArray(value)) return noProblems;
    const first = value.findLastIndex((entry, index) => value.includes(entry, index + 1));
    if (first < 0) return noProblems;
    const second = value.indexOf(value[first], first + 1);
    const message = `must NOT have duplicate items (items ## ${second} and ${first} are identical)`;
    return [{ keyword: 'uniqueItems', argument, tokens: [], message, value }];
  };
}

/** No two entries of a set are equal, and no two of a map have the same keys. */
export function entriesDiffer(listType: unknown, schema: JsonObject): SchemaCheck {
  if (listType === 'atomic') return () => noProblems;
  const keys = field(schema, LIST_KEYS);
  const identity = (entry: unknown): string =>
    JSON.stringify(Array.isArray(keys) ? keys.map((key) => field(entry, String(key))) : entry);
  return (value) => {
    if (!Array.isArray(value) || value.length < 2) return noProblems;
    const identities = value.map(identity);
    const repeated = identities.find((entry, index) => identities.indexOf(entry) !== index);
    if (repeated === undefined) return noProblems;
    const message = `must not hold ${repeated} twice`;
    return [{ keyword: LIST_TYPE, argument: listType, tokens: [], message, value }];
  };
}
