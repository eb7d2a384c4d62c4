// SPDX-License-Identifier: Apache-2.0
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { field } from '../../../json/fields.ts';
import type { Immutable } from '../fields/immutable.ts';
import { fieldErrorOf, type FieldError } from './field-error.ts';
import { isDateTime } from '../fields/date-time.ts';

/** A parsed value, or every problem with it. */
export type Validated<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly FieldError[] };

const RULES = 'x-kubernetes-validations';
const LIST_TYPE = 'x-kubernetes-list-type';
const LIST_KEYS = 'x-kubernetes-list-map-keys';

/**
 * Compile a check of `schema` equal to that of the API server: bounds, enums, list keys, and the CEL rules by their
 * equivalents in code. As in the API server, rules apply only to a value of the right shape.
 */
export function validator<Schema extends TSchema>(
  schema: Schema,
): (value: unknown) => Validated<Immutable<Static<Schema>>> {
  let compiled: ValidateFunction<Immutable<Static<Schema>>> | undefined;
  return (value) => {
    compiled ??= ajv.compile<Immutable<Static<Schema>>>(schema);
    if (compiled(value)) return { ok: true, value };
    const errors = compiled.errors ?? [];
    const shape = errors.filter(({ keyword }) => keyword !== RULES);
    return { ok: false, problems: (shape.length > 0 ? shape : errors).map(fieldErrorOf) };
  };
}

const ajv = newAjv();

function newAjv(): Ajv {
  // Each start compiles schemas: V8 optimizes what runs often, and a test checks the schemas themselves.
  const instance = new Ajv({ allErrors: true, strictTypes: false, validateSchema: false, code: { optimize: false } });
  instance.addFormat('date-time', isDateTime);
  instance.addFormat('int32', { type: 'number', validate: (value) => Math.abs(value) < 2 ** 31 });
  instance.addFormat('int64', { type: 'number', validate: Number.isSafeInteger });
  instance.addVocabulary(['x-kubernetes-map-type', LIST_KEYS]);
  instance.addKeyword({ keyword: RULES, schemaType: 'array', compile: rulesHold });
  instance.addKeyword({ keyword: LIST_TYPE, schemaType: 'string', type: 'array', compile: entriesDiffer });
  return instance;
}

interface KeywordCheck {
  (value: unknown): boolean;
  errors?: Partial<ErrorObject>[];
}

function keywordCheck(problems: (value: unknown) => Partial<ErrorObject>[]): KeywordCheck {
  const check: KeywordCheck = (value: unknown) => {
    check.errors = problems(value);
    return check.errors.length === 0;
  };
  return check;
}

function rulesHold(rules: readonly CelRule[]): KeywordCheck {
  return keywordCheck((value) =>
    rules
      .filter(({ holds }) => holds !== undefined && !holds(value))
      .map(({ message }) => ({ keyword: RULES, message, params: {} })),
  );
}

function entriesDiffer(listType: string, parentSchema: Readonly<Record<string, unknown>>): KeywordCheck {
  const keys = parentSchema[LIST_KEYS];
  const identity = (entry: unknown): string =>
    JSON.stringify(Array.isArray(keys) ? keys.map((key) => field(entry, String(key))) : entry);
  return keywordCheck((value) => {
    if (listType === 'atomic' || !Array.isArray(value) || value.length < 2) return [];
    const identities = value.map(identity);
    const repeated = identities.find((entry, index) => identities.indexOf(entry) !== index);
    return repeated === undefined
      ? []
      : [{ keyword: LIST_TYPE, message: `must not hold ${repeated} twice`, params: {} }];
  });
}
