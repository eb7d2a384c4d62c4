// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../../json/fields.ts';
import { isSameJson } from '../../json/is-same-json.ts';
import { intendedDifference } from './intended-difference.ts';
import { withoutSecrets } from './without-secrets.ts';

/** A field in which two payloads differ. */
export interface Difference {
  /** As in `predicate.builder.id` or `subject[0].name`. */
  readonly path: string;
  /** The value in Chains' payload, without what Hallmark keeps secret; absent where it has none. */
  readonly chains?: unknown;
  readonly hallmark?: unknown;
  /** The reason, for a difference that docs/compatibility.md lists. */
  readonly intended?: string;
}

type Step = string | number;

/** The fields in which two payloads differ. Their subjects are sets, because Chains' order is not stable. */
export function comparePayloads(chains: unknown, hallmark: unknown): readonly Difference[] {
  return differences(sorted(chains), sorted(hallmark), []).map((difference) => {
    const intended = intendedDifference(difference);
    const shown = withoutSecrets(difference);
    return intended === undefined ? shown : { ...shown, intended };
  });
}

function differences(chains: unknown, hallmark: unknown, path: readonly Step[]): readonly Difference[] {
  if (isSameJson(chains, hallmark)) return [];
  if (Array.isArray(chains) && Array.isArray(hallmark)) return listDifferences(chains, hallmark, path);
  if (isObject(chains) && isObject(hallmark)) {
    const names = [...new Set([...Object.keys(chains), ...Object.keys(hallmark)])];
    return names.flatMap((name) => differences(chains[name], hallmark[name], [...path, name]));
  }
  return [
    {
      path: pathText(path),
      ...(chains === undefined ? {} : { chains }),
      ...(hallmark === undefined ? {} : { hallmark }),
    },
  ];
}

/** Pairs entries by their name, so that one more of them does not make all that follow differ. */
function listDifferences(
  chains: readonly unknown[],
  hallmark: readonly unknown[],
  path: readonly Step[],
): readonly Difference[] {
  const names = [chains, hallmark].map((list) => list.map(nameOf));
  const areNamed = names.every((own) => own.every((name) => name !== undefined) && new Set(own).size === own.length);
  const isOrdered = isSubsequence(names[0] ?? [], names[1] ?? []) || isSubsequence(names[1] ?? [], names[0] ?? []);
  if (!areNamed || !isOrdered) {
    const length = Math.max(chains.length, hallmark.length);
    return Array.from({ length }, (_none, at) => differences(chains[at], hallmark[at], [...path, at])).flat();
  }
  const all = [...new Set(names.flat())];
  return all.flatMap((name) => {
    const [one, other] = [chains, hallmark].map((list) => list.find((entry) => nameOf(entry) === name));
    return differences(one, other, [...path, String(name)]);
  });
}

function nameOf(entry: unknown): string | undefined {
  if (!isObject(entry)) return undefined;
  const { name, uri } = entry;
  const parts = [name, uri].filter((part) => typeof part === 'string');
  return parts.length === 0 ? undefined : parts.join(' ');
}

function isSubsequence(some: readonly unknown[], all: readonly unknown[]): boolean {
  let at = 0;
  for (const item of all) if (item === some[at]) at += 1;
  return at === some.length;
}

function sorted(payload: unknown): unknown {
  if (!isObject(payload) || !Array.isArray(payload['subject'])) return payload;
  const subject = payload['subject'].map((entry: unknown) => ({ entry, text: JSON.stringify(entry) }));
  return {
    ...payload,
    subject: subject.toSorted((one, other) => (one.text < other.text ? -1 : 1)).map(({ entry }) => entry),
  };
}

function pathText(path: readonly Step[]): string {
  return path
    .map((step) => (typeof step === 'string' && /^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${step}]`))
    .join('')
    .replace(/^\./, '');
}
