// SPDX-License-Identifier: Apache-2.0
import { Ajv, type ErrorObject } from 'ajv';
import { field, isObject } from '../../../../json/fields.ts';
import { isDateTime } from '../../fields/date-time.ts';
import { schemaCheck } from './schema-check.ts';

const OWN = ['map-type', 'list-type', 'list-map-keys', 'validations'].map((name) => `x-kubernetes-${name}`);
/** The keywords whose problems we word as ajv does. */
const SAME_WORDS = /^(max|min|pattern|unique)/;

/** The problems that ajv lists, each as keyword, place and words, for keywords of JSON Schema alone. */
export function ajvFindings(schema: object): (value: unknown) => readonly string[] {
  const ajv = new Ajv({ allErrors: true, strictTypes: false });
  ajv.addFormat('date-time', isDateTime);
  ajv.addFormat('int32', { type: 'number', validate: (value) => Math.abs(value) < 2 ** 31 });
  ajv.addFormat('int64', { type: 'number', validate: Number.isSafeInteger });
  ajv.addVocabulary(OWN);
  const validate = ajv.compile(schema);
  return (value) =>
    validate(value)
      ? []
      : (validate.errors ?? []).map((error) => finding(error.keyword, placeOf(error), error.message));
}

/** The same of our own check. */
export function ownFindings(schema: object): (value: unknown) => readonly string[] {
  const check = schemaCheck(schema);
  return (value) =>
    check(value)
      .filter(({ keyword }) => !OWN.includes(keyword))
      .map(({ keyword, tokens, message }) =>
        finding(keyword, tokens.map((token) => `/${escaped(token)}`).join(''), message),
      );
}

function placeOf({ instancePath, params }: ErrorObject): string {
  const name = field(params, 'missingProperty') ?? field(params, 'additionalProperty');
  return typeof name === 'string' ? `${instancePath}/${escaped(name)}` : instancePath;
}

function finding(keyword: string, place: string, words: string | undefined): string {
  return `${keyword} at ${place}: ${SAME_WORDS.test(keyword) ? words : ''}`;
}

function escaped(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Values of every type and of sizes beyond every bound. An undefined field is one that is left out. */
const strangers: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 40,
  2 ** 60,
  '',
  'x',
  '2026-02-30T12:00:00Z',
  '😀'.repeat(63),
  'ä'.repeat(70_000),
  [],
  ['x', 'x'],
  Array.from({ length: 1_001 }, (_, index) => `x-${index}`),
  {},
  { 'a/b~c': 1 },
  Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'x'])),
];

/** The value, and copies of it in each of which one part is another value. */
export function variantsOf(value: unknown): readonly unknown[] {
  return [value, ...strangers, ...partsOf(value).flatMap(([part, copyWith]) => variantsOf(part).map(copyWith))];
}

function partsOf(value: unknown): readonly (readonly [unknown, (part: unknown) => unknown])[] {
  if (isList(value))
    return value.slice(0, 2).map((entry, index) => [entry, (part: unknown) => value.with(index, part)] as const);
  if (!isObject(value)) return [];
  return Object.entries(value).map(
    ([name, child]) => [child, (part: unknown) => ({ ...value, [name]: part })] as const,
  );
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
