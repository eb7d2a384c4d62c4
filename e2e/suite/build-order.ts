// SPDX-License-Identifier: Apache-2.0
import type { BuildRecipe } from '../testbed/binaries/catalog.ts';

/** A test file, and the servers that it cannot start without. */
export interface NeedyFile {
  readonly seconds: number;
  /** Names of recipes. */
  readonly needs: ReadonlySet<string>;
}

/**
 * Puts servers into the order in which they are best built while tests run. Next are always those that let most seconds of tests begin
 * for each second of building; among these, what most tests need. Servers that no file needs come last.
 * @param recipes those to build
 * @returns their names
 */
export function buildOrder(files: readonly NeedyFile[], recipes: readonly BuildRecipe[]): readonly string[] {
  const order: string[] = [];
  for (;;) {
    const open = recipes.filter(({ name }) => !order.includes(name));
    const steps = files
      .map(({ needs }) => open.filter(({ name }) => needs.has(name)))
      .filter((step) => step.length > 0)
      .map((step) => ({ names: step.map(({ name }) => name), worth: worth(step, { files, open }) }));
    const [first, ...others] = steps;
    if (first === undefined) return [...order, ...open.map(({ name }) => name)];
    const { names } = others.reduce((one, other) => (other.worth > one.worth ? other : one), first);
    order.push(...names.toSorted((one, other) => secondsWith(other, files) - secondsWith(one, files)));
  }
}

/** Seconds of the tests that need this one. */
function secondsWith(name: string, files: readonly NeedyFile[]): number {
  return files.filter(({ needs }) => needs.has(name)).reduce((sum, { seconds }) => sum + seconds, 0);
}

interface Situation {
  readonly files: readonly NeedyFile[];
  /** The recipes that are not built yet. */
  readonly open: readonly BuildRecipe[];
}

/** Seconds of the tests that can begin only with this step, for each second that it takes. */
function worth(step: readonly BuildRecipe[], { files, open }: Situation): number {
  const missingOf = ({ needs }: NeedyFile): readonly BuildRecipe[] => open.filter(({ name }) => needs.has(name));
  const gained = files
    .filter((file) => {
      const missing = missingOf(file);
      return missing.length > 0 && missing.every((recipe) => step.includes(recipe));
    })
    .reduce((sum, { seconds }) => sum + seconds, 0);
  return gained / step.reduce((sum, { expectedSeconds }) => sum + expectedSeconds, 0);
}
