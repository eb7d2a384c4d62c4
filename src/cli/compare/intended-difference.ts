// SPDX-License-Identifier: Apache-2.0
import { field, isObject, objectField } from '../../json/fields.ts';
import { isSameJson } from '../../json/is-same-json.ts';
import { tryParseJson } from '../../json/try-parse-json.ts';

interface Found {
  readonly path: string;
  readonly chains?: unknown;
  readonly hallmark?: unknown;
}

/** The flags of Tekton in the internal parameters of SLSA 1.0. */
const FLAGS = 'internalParameters[tekton-pipelines-feature-flags].';

const BYPRODUCTS = 'predicate.runDetails.byproducts';

type Rule = (found: Found) => string | undefined;

/** The differences of docs/compatibility.md that a payload itself shows; the first rule that applies names it. */
const rules: readonly Rule[] = [
  ({ path, chains, hallmark }) =>
    path.startsWith(BYPRODUCTS) && chains === undefined && isOwnByproducts(hallmark)
      ? 'a by-product that Hallmark adds'
      : undefined,
  ({ path, chains, hallmark }) =>
    path.includes(FLAGS) && (hallmark === undefined ? isZero(chains) : chains === undefined)
      ? 'feature flags, which Chains states under other names and without their values'
      : undefined,
  ({ path, chains, hallmark }) =>
    path.endsWith('content') && isSameTask(chains, hallmark)
      ? "kind, apiVersion and managedFields of a task, which Chains' client drops"
      : undefined,
  ({ chains, hallmark }) =>
    typeof chains === 'string' &&
    typeof hallmark === 'string' &&
    withoutUsers(chains) === hallmark &&
    chains !== hallmark
      ? 'credentials in a URL, which Hallmark leaves out'
      : undefined,
  ({ hallmark }) => (hallmark === '[redacted]' ? 'redactParameters of the policy' : undefined),
];

/** True for an entry, or a list of entries. */
function isOwnByproducts(value: unknown): boolean {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  return entries.length > 0 && entries.every((entry) => String(field(entry, 'name')).startsWith('hallmark/'));
}

/** True for a value that Go gives to a field that it did not read. */
function isZero(value: unknown): boolean {
  return value === false || value === 0 || value === '';
}

/** The reason for a difference that is intended; undefined for any other. */
export function intendedDifference(found: Found): string | undefined {
  for (const rule of rules) {
    const reason = rule(found);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** True for base64 of the same task, whatever the API server adds to it. */
function isSameTask(chains: unknown, hallmark: unknown): boolean {
  if (typeof chains !== 'string' || typeof hallmark !== 'string') return false;
  const [one, other] = [chains, hallmark].map(decoded);
  return isObject(one) && isObject(other) && isSameJson(bare(one), bare(other));
}

function decoded(content: string): unknown {
  return tryParseJson(Buffer.from(content, 'base64').toString('utf8'));
}

function bare(task: Readonly<Record<string, unknown>>): object {
  const metadata = without(objectField(task, 'metadata'), 'managedFields');
  return { ...without(task, 'kind', 'apiVersion'), metadata };
}

function without(object: object, ...names: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** The text with the user info of its http URLs removed. */
function withoutUsers(text: string): string {
  return text.replaceAll(/(https?:\/\/)[^/@\s]+@/g, '$1');
}
