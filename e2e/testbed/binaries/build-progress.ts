// SPDX-License-Identifier: Apache-2.0
import type { BuildRecipe } from './catalog.ts';

const intervalSeconds = 15;
const built = new Map<string, number>();

/** Names that this process built, and the seconds that each took. */
export function builtSeconds(): ReadonlyMap<string, number> {
  return built;
}

/** Tells on stderr what is being built, how far it is, and what comes after it. */
export async function withProgress<T>(
  recipe: BuildRecipe,
  later: readonly BuildRecipe[],
  work: () => Promise<T>,
): Promise<T> {
  const started = Date.now();
  const elapsed = (): number => Math.round((Date.now() - started) / 1000);
  const what = `${recipe.name} ${recipe.version}${commandsOf(recipe)}`;
  say(`building ${what}, usually ${duration(recipe.expectedSeconds)} from scratch${afterwards(later)}`);
  const ticker = setInterval(() => {
    say(
      `building ${recipe.name}: ${duration(elapsed())} of about ${duration(recipe.expectedSeconds)}${afterwards(later)}`,
    );
  }, intervalSeconds * 1000);
  ticker.unref();
  try {
    const result = await work();
    built.set(recipe.name, elapsed());
    say(`built ${recipe.name} in ${duration(elapsed())}`);
    return result;
  } finally {
    clearInterval(ticker);
  }
}

/** One line of progress on stderr. */
export function say(message: string): void {
  process.stderr.write(`testbed: ${message}\n`);
}

function commandsOf(recipe: BuildRecipe): string {
  return recipe.commands.length > 1 ? ` (${recipe.commands.join(', ')})` : '';
}

function afterwards(later: readonly BuildRecipe[]): string {
  if (later.length === 0) return '';
  const total = later.reduce((seconds, { expectedSeconds }) => seconds + expectedSeconds, 0);
  return `; then ${later.map(({ name }) => name).join(', ')} (about ${duration(total)})`;
}

function duration(seconds: number): string {
  return seconds < 100 ? `${seconds} s` : `${(seconds / 60).toFixed(1)} min`;
}
