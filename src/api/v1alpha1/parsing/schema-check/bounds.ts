// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../../../json/fields.ts';
import { requirement, type SchemaCheck } from './schema-problem.ts';

/** Units of one character. */
const MOST_UNITS = 2;

type Measure = (value: unknown) => number | undefined;

/** Checks of numbers and sizes by keyword. A value that has no such size passes: its type is refused by `type`. */
export const bounds: Readonly<Record<string, (limit: unknown) => SchemaCheck>> = {
  maximum: (limit) => most('maximum', limit, valueOf, `must be <= ${String(limit)}`),
  minimum: (limit) => least('minimum', limit, valueOf, `must be >= ${String(limit)}`),
  maxLength: (limit) => {
    const number = Number(limit);
    // A text has no more characters than units, which need not be looked at.
    const holds = (value: unknown): boolean =>
      typeof value !== 'string' || value.length <= number || codePoints(value) <= number;
    return requirement('maxLength', limit, holds, `must NOT have more than ${String(limit)} characters`);
  },
  minLength: (limit) => {
    const number = Number(limit);
    const holds = (value: unknown): boolean =>
      typeof value !== 'string' || value.length >= MOST_UNITS * number || codePoints(value) >= number;
    return requirement('minLength', limit, holds, `must NOT have fewer than ${String(limit)} characters`);
  },
  maxItems: (limit) => most('maxItems', limit, entries, `must NOT have more than ${String(limit)} items`),
  minItems: (limit) => least('minItems', limit, entries, `must NOT have fewer than ${String(limit)} items`),
  maxProperties: (limit) => most('maxProperties', limit, fields, `must NOT have more than ${String(limit)} properties`),
};

function most(keyword: string, limit: unknown, measure: Measure, message: string): SchemaCheck {
  const number = Number(limit);
  return requirement(keyword, limit, (value) => (measure(value) ?? number) <= number, message);
}

function least(keyword: string, limit: unknown, measure: Measure, message: string): SchemaCheck {
  const number = Number(limit);
  return requirement(keyword, limit, (value) => (measure(value) ?? number) >= number, message);
}

function valueOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function entries(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

function fields(value: unknown): number | undefined {
  return isObject(value) ? Object.keys(value).length : undefined;
}

/** The API server counts code points, of which two surrogates are one. */
function codePoints(text: string): number {
  return text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0);
}
