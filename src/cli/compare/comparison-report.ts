// SPDX-License-Identifier: Apache-2.0
import { boundedText } from '../../runtime/bounded-text.ts';
import { printable } from '../../runtime/printable.ts';
import type { Comparison, ComparisonState } from './compare-runs.ts';

/** The number of artifacts in each state. */
export type ComparisonCounts = Readonly<Record<ComparisonState, number>>;

const words: Readonly<Record<ComparisonState, string>> = {
  Same: 'same',
  Intended: 'same but for intended differences',
  Differs: 'differs',
  Missing: 'missing',
  Unknown: 'unknown',
};

const MAX_VALUE_LENGTH = 100;

export function countedComparisons(comparisons: readonly Comparison[]): ComparisonCounts {
  const count = (state: ComparisonState): number => comparisons.filter((one) => one.state === state).length;
  return {
    Same: count('Same'),
    Intended: count('Intended'),
    Differs: count('Differs'),
    Missing: count('Missing'),
    Unknown: count('Unknown'),
  };
}

/** One artifact, and a line for each field that differs. */
export function comparisonLines(comparison: Comparison): readonly string[] {
  const { run, artifact, policy, state, place, message, differences = [], warnings = [] } = comparison;
  const what = [`${run.kind} ${run.namespace}/${run.name}`, artifact, policy === undefined ? undefined : `(${policy})`];
  const where = place === undefined || place === 'annotation' ? '' : ` (${place})`;
  const why = message === undefined ? '' : `: ${message}`;
  return [
    `${what.filter((part) => part !== undefined).join(' ')}: ${words[state]}${where}${why}`,
    ...differences.map(({ path, chains, hallmark, intended }) => {
      const reason = intended === undefined ? '' : ` (intended: ${intended})`;
      return `  ${path}: Chains ${shown(chains)}, Hallmark ${shown(hallmark)}${reason}`;
    }),
    ...(state === 'Differs' ? warnings.map((warning) => `  warning: ${warning}`) : []),
  ].map(printable);
}

export function summaryLine(counts: ComparisonCounts): string {
  const parts = Object.entries(counts).filter(([state, count]) => count > 0 || state === 'Same');
  return parts.map(([state, count]) => `${count} ${wordOf(state)}`).join(', ');
}

function wordOf(state: string): string {
  return Object.entries(words).find(([known]) => known === state)?.[1] ?? state;
}

function shown(value: unknown): string {
  return value === undefined ? 'has none' : boundedText(JSON.stringify(value), MAX_VALUE_LENGTH);
}
