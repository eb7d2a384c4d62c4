// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../package-version.ts';
import { printableLines } from '../runtime/printable.ts';
import { commands } from './commands.ts';
import { exitCodeOf, usageExit } from './usage-exit.ts';

const words = helpOf(process.argv.slice(2));
const [first = ''] = words;
const named = commands.get(first);
const isAboutAll = first === 'completion' || (named === undefined && !/^(-V|--version)$/.test(first));
const needed = isAboutAll ? [...commands.values()] : [named].filter((load) => load !== undefined);
const loaded = await Promise.all(needed.map((load) => load()));

const program = new Command('hallmark')
  .description('Sign what Tekton builds, and verify what was signed.')
  .version(packageVersion())
  .exitOverride(usageExit);
for (const command of loaded) program.addCommand(command);

printableErrors(program);
// A reader such as `head` may close the pipe early.
process.stdout.on('error', (error: Error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit();
  throw error;
});
try {
  await program.parseAsync(words, { from: 'user' });
} catch (error) {
  if (!(error instanceof CommanderError)) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(printableLines(`error: ${message}\n`));
  }
  process.exitCode = exitCodeOf(error);
}

/**
 * Turns `help verify image` into `verify image --help`, because the parser's own help knows one level only, and has it refuse a command
 * that there is not.
 */
function helpOf(given: readonly string[]): readonly string[] {
  const [first, ...others] = given;
  const [command] = others;
  if (first !== 'help' || command === undefined) return given;
  return commands.has(command) ? [...others, '--help'] : others;
}

/** Escapes control sequences in everything that a command writes to standard error, because failures quote files and clusters. */
function printableErrors(command: Command): void {
  command.configureOutput({ writeErr: (text) => process.stderr.write(printableLines(text)) });
  for (const inner of command.commands) printableErrors(inner);
}
