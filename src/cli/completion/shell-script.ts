// SPDX-License-Identifier: Apache-2.0
import type { CompletedCommand } from './command-tree.ts';

/** The words that a shell offers at a command. */
export function wordsOf({ subcommands, choices, options }: CompletedCommand): readonly string[] {
  return [...subcommands, ...choices, ...options.flatMap(({ flags }) => flags)];
}

/** The patterns of a `case` that leads from a command to a subcommand: the words so far, a space and the next word. */
export function stepsOf(tree: readonly CompletedCommand[]): readonly string[] {
  return tree.flatMap(({ path, subcommands }) => subcommands.map((name) => `${path.join(' ')} ${name}`));
}

/** Options that take a value, by the command and the flag before the value. */
export function valuesOf(
  tree: readonly CompletedCommand[],
): readonly { readonly patterns: readonly string[]; readonly choices: readonly string[] }[] {
  return tree.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ flags, choices }) => ({ patterns: flags.map((flag) => `${path.join(' ')} ${flag}`), choices })),
  );
}

/** A text in single quotes of bash and zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Patterns of a `case` in bash and zsh. */
export function casePattern(patterns: readonly string[]): string {
  return patterns.map(quoted).join(' | ');
}
