// SPDX-License-Identifier: Apache-2.0
import type { Static, TSchema } from 'typebox';
import type { Immutable } from '../fields/immutable.ts';
import { fieldErrorOf, type FieldError } from './field-error.ts';
import { RULES } from './schema-check/keyword-checks.ts';
import { schemaCheck } from './schema-check/schema-check.ts';
import { noProblems, type SchemaCheck } from './schema-check/schema-problem.ts';

/** A parsed value, or every problem with it. */
export type Validated<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly FieldError[] };

/**
 * A check by `schema` equal to that of the API server: bounds, enums, list keys, and the CEL rules by their equivalents in
 * code. As in the API server, rules apply only to a value of the right shape.
 */
export function validator<Schema extends TSchema>(
  schema: Schema,
): (value: unknown) => Validated<Immutable<Static<Schema>>> {
  let check: SchemaCheck | undefined;
  let problems = noProblems;
  const isValid = (value: unknown): value is Immutable<Static<Schema>> => {
    // The schemas that a process never uses cost it nothing.
    check ??= schemaCheck(schema);
    problems = check(value);
    return problems.length === 0;
  };
  return (value) => {
    if (isValid(value)) return { ok: true, value };
    const shape = problems.filter(({ keyword }) => keyword !== RULES);
    return { ok: false, problems: (shape.length > 0 ? shape : problems).map(fieldErrorOf) };
  };
}
