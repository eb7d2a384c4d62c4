// SPDX-License-Identifier: Apache-2.0
import { field, isObject } from '../json/fields.ts';

/** A copy of `value` in which fields that are left out have the defaults of `schema`, to any depth. */
export function withDefaults(schema: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => withDefaults(field(schema, 'items'), entry));
  const properties = field(schema, 'properties');
  if (!isObject(value) || !isObject(properties)) return value;
  const filled = Object.entries(properties).flatMap(([name, property]) => {
    const given = field(value, name);
    const whole = given === undefined ? structuredClone(field(property, 'default')) : given;
    return whole === undefined ? [] : [[name, withDefaults(property, whole)] as const];
  });
  return { ...value, ...Object.fromEntries(filled) };
}
