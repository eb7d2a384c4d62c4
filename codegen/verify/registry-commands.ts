// SPDX-License-Identifier: Apache-2.0

/** Commands that install a package, or run it after they installed it. `npx --no-install` runs only what is installed. */
const COMMANDS =
  /\b(?:npx (?!--no-install )|bunx |npm (?:exec|x|install|i|add) |(?:yarn|pnpm) (?:dlx|add) )[^\n`|;&]*?(?:@hallmark-dev\/cli|\bhallmark)\b/g;

/**
 * List the commands of a text that fetch Hallmark from an npm registry. Nothing is published there: `hallmark` is a package of others, and
 * `@hallmark-dev` could become one.
 */
export function registryCommands(text: string): readonly string[] {
  return [...text.matchAll(COMMANDS)].map(([command]) => command);
}
