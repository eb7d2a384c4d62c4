// SPDX-License-Identifier: Apache-2.0
import { isObject, listField, objectField, type JsonObject } from '../../../../json/fields.ts';
import { entriesDiffer, keywordChecks, LIST_TYPE, type KeywordCheck } from './keyword-checks.ts';
import { allOf, both, noProblems, within, type SchemaCheck, type SchemaProblem } from './schema-problem.ts';

/** Every keyword that is checked, in the order in which problems are reported. */
const checks: readonly (readonly [string, KeywordCheck])[] = Object.entries({
  ...keywordChecks,
  items: entriesHold,
  [LIST_TYPE]: entriesDiffer,
  required: fieldsAreSet,
  additionalProperties: fieldsAreKnown,
  properties: fieldsHold,
  patternProperties: valuesHold,
});
/** The pattern of the keys of a map in a schema. */
const ANY_KEY = '^.*$';

/** Keywords that refuse nothing by themselves. */
const silent = ['description', 'default', 'x-kubernetes-map-type', 'x-kubernetes-list-map-keys'];
const supported = new Set([...checks.map(([keyword]) => keyword), ...silent]);

/**
 * Puts the check of a schema together, which is the API server's. @throws Error where the schema has a keyword that nothing
 * checks
 */
export function schemaCheck(schema: unknown): SchemaCheck {
  if (!isObject(schema)) throw new Error('a schema is not an object');
  const foreign = Object.keys(schema).filter((keyword) => !supported.has(keyword));
  if (foreign.length > 0) throw new Error(`no check for ${foreign.join(', ')}`);
  return allOf(
    checks.flatMap(([keyword, make]) => (Object.hasOwn(schema, keyword) ? [make(schema[keyword], schema)] : [])),
  );
}

function entriesHold(schema: unknown): SchemaCheck {
  const check = schemaCheck(schema);
  return (value) => {
    let problems = noProblems;
    if (!Array.isArray(value)) return problems;
    for (let index = 0; index < value.length; index += 1)
      problems = both(problems, problemsAt(check, value[index], index));
    return problems;
  };
}

function fieldsAreSet(names: unknown, schema: JsonObject): SchemaCheck {
  const needed = listField(schema, 'required').map(String);
  return (value) => {
    if (!isObject(value) || needed.every((name) => value[name] !== undefined)) return noProblems;
    const missing = needed.filter((name) => value[name] === undefined);
    return missing.map((name) => ({
      keyword: 'required',
      argument: names,
      tokens: [name],
      message: 'must be set',
      value: undefined,
    }));
  };
}

function fieldsAreKnown(allowed: unknown, schema: JsonObject): SchemaCheck {
  if (allowed !== false) throw new Error('no check for the values of additionalProperties');
  const known = objectField(schema, 'properties');
  return (value) => {
    if (!isObject(value)) return noProblems;
    const unknown = Object.keys(value).filter((name) => !Object.hasOwn(known, name));
    return unknown.map((name) => ({
      keyword: 'additionalProperties',
      argument: allowed,
      tokens: [name],
      message: 'no such field; remove it or correct its name',
      value: value[name],
    }));
  };
}

function fieldsHold(properties: unknown): SchemaCheck {
  if (!isObject(properties)) throw new Error('properties is not an object');
  const checkOf = new Map(Object.entries(properties).map(([name, schema]) => [name, schemaCheck(schema)]));
  return (value) => {
    const refused = isObject(value) ? refusedFields(value, checkOf) : undefined;
    return refused === undefined ? noProblems : inOrder(refused, checkOf.keys());
  };
}

/** The problems of each field that has some. A value has few of the fields that its schema knows, and mostly no problem. */
function refusedFields(
  value: JsonObject,
  checkOf: ReadonlyMap<string, SchemaCheck>,
): ReadonlyMap<string, readonly SchemaProblem[]> | undefined {
  let refused: Map<string, readonly SchemaProblem[]> | undefined;
  for (const name of Object.keys(value)) {
    const part = value[name];
    const problems = part === undefined ? noProblems : (checkOf.get(name)?.(part) ?? noProblems);
    if (problems.length > 0) refused = (refused ?? new Map<string, readonly SchemaProblem[]>()).set(name, problems);
  }
  return refused;
}

/** In the order of the schema, whatever that of the value is. */
function inOrder(
  refused: ReadonlyMap<string, readonly SchemaProblem[]>,
  names: Iterable<string>,
): readonly SchemaProblem[] {
  return [...names].flatMap((name) => within(name, refused.get(name) ?? noProblems));
}

/** The values of a map. Its keys are of any form, and CEL rules narrow them. */
function valuesHold(patterns: unknown): SchemaCheck {
  const [[pattern, schema] = [], ...others] = isObject(patterns) ? Object.entries(patterns) : [];
  if (pattern !== ANY_KEY || others.length > 0) throw new Error('no check for keys of a certain form');
  const check = schemaCheck(schema);
  return (value) => {
    let problems = noProblems;
    if (!isObject(value)) return problems;
    for (const [name, entry] of Object.entries(value)) problems = both(problems, problemsAt(check, entry, name));
    return problems;
  };
}

function problemsAt(check: SchemaCheck, part: unknown, token: string | number): readonly SchemaProblem[] {
  const problems = check(part);
  return problems.length === 0 ? noProblems : within(String(token), problems);
}
