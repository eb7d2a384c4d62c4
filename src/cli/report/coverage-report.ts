// SPDX-License-Identifier: Apache-2.0
import type { NamespaceCoverage, PolicyCoverage } from './coverage.ts';

/** The coverage of a namespace or a cluster, as JSON gives it. */
export interface CoverageReport {
  readonly generatedAt: string;
  /** The namespace, or absent for all. */
  readonly namespace?: string;
  /** Kinds that could not be read without permission: the numbers may be too low. */
  readonly unread: readonly string[];
  readonly namespaces: readonly NamespaceCoverage[];
}

/** The columns of counts, with the titles of tables. */
export const countColumns = [
  ['selected', 'selected'],
  ['signed', 'signed'],
  ['stored', 'stored'],
  ['verified', 'verified'],
  ['audited', 'audited'],
  ['failed', 'failed'],
  ['waiting', 'waiting'],
] as const satisfies readonly (readonly [keyof PolicyCoverage, string])[];

/** The sum of a count over all policies of all namespaces. */
export function totalOf(report: CoverageReport, count: (typeof countColumns)[number][0]): number {
  return report.namespaces.reduce(
    (sum, { policies }) => policies.reduce((inner, policy) => inner + policy[count], sum),
    0,
  );
}

/** The finished runs of all namespaces, and those that no policy selects. */
export function runsOf({ namespaces }: CoverageReport): { readonly finished: number; readonly unselected: number } {
  return {
    finished: namespaces.reduce((sum, { finished }) => sum + finished, 0),
    unselected: namespaces.reduce((sum, { unselected }) => sum + unselected, 0),
  };
}
