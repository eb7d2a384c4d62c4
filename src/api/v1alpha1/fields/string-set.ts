// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';

interface SetBounds {
  readonly maxItems: number;
  readonly maxLength: number;
}

/** A bounded list of different, non-empty strings (`x-kubernetes-list-type: set`). */
export function stringSet(description: string, bounds: SetBounds) {
  return Type.Array(Type.String({ minLength: 1, maxLength: bounds.maxLength }), {
    description,
    maxItems: bounds.maxItems,
    'x-kubernetes-list-type': 'set',
  });
}

/** A set of values from a closed list. */
export function enumSet<const Values extends readonly string[]>(
  values: Values,
  options: { description: string; minItems: number },
) {
  return Type.Array(Type.Unsafe<Values[number]>(Type.Enum([...values])), {
    ...options,
    maxItems: values.length,
    'x-kubernetes-list-type': 'set',
  });
}
