// SPDX-License-Identifier: Apache-2.0
import { field, isObject } from '../../../json/fields.ts';
import { childPath, type FieldError } from './field-error.ts';

/**
 * List the fields of `value` that `schema` does not define, to any depth: the API server would drop them, or refuse
 * them under strict validation.
 */
export function unknownFields(schema: unknown, value: unknown, path = ''): readonly FieldError[] {
  if (Array.isArray(value)) {
    return value.flatMap((entry, index) =>
      unknownFields(field(schema, 'items'), entry, childPath(path, String(index))),
    );
  }
  const properties = field(schema, 'properties');
  if (!isObject(value) || !isObject(properties)) return [];
  return Object.entries(value).flatMap(([name, child]) => {
    const at = childPath(path, name);
    return Object.hasOwn(properties, name)
      ? unknownFields(properties[name], child, at)
      : [{ path: at, message: `no such field; ${known(properties)}` }];
  });
}

function known(properties: object): string {
  return `known here: ${Object.keys(properties).join(', ')}`;
}
