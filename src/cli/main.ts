// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../package-version.ts';
import { printableLines } from '../runtime/printable.ts';
import { exitCodeOf, usageExit } from './usage-exit.ts';

/** All commands by name. Only the named one is loaded; it loads what its action needs when that runs. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['preview', async () => (await import('./preview/preview.ts')).previewCommand()],
  ['sign', async () => (await import('./sign/sign.ts')).signCommand()],
  ['get', async () => (await import('./get/get.ts')).getCommand()],
  ['wait', async () => (await import('./wait/wait.ts')).waitCommand()],
  ['doctor', async () => (await import('./doctor/doctor.ts')).doctorCommand()],
  ['report', async () => (await import('./report/report.ts')).reportCommand()],
  ['explain', async () => (await import('./explain/explain.ts')).explainCommand()],
  ['verify', async () => (await import('./verify/verify.ts')).verifyCommand()],
  ['trust', async () => (await import('./trust/trust.ts')).trustCommand()],
  ['keygen', async () => (await import('./keygen/keygen.ts')).keygenCommand()],
  ['lint', async () => (await import('./lint/lint.ts')).lintCommand()],
  ['migrate', async () => (await import('./migrate/migrate.ts')).migrateCommand()],
  ['compare', async () => (await import('./compare/compare.ts')).compareCommand()],
  ['release-runs', async () => (await import('./release-runs/release-runs.ts')).releaseRunsCommand()],
  ['backfill', async () => (await import('./backfill/backfill.ts')).backfillCommand()],
  ['completion', async () => (await import('./completion/completion.ts')).completionCommand()],
]);
const words = helpOf(process.argv.slice(2));
const [first = ''] = words;
const named = commands.get(first);
const needed = named === undefined || first === 'completion' ? [...commands.values()] : [named];
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

/** Turns `help verify image` into `verify image --help`, because the parser's own help knows one level only. */
function helpOf(given: readonly string[]): readonly string[] {
  const [first, ...others] = given;
  return first === 'help' && others.length > 0 ? [...others, '--help'] : given;
}

/** Escapes control sequences in everything that a command writes to standard error, because failures quote files and clusters. */
function printableErrors(command: Command): void {
  command.configureOutput({ writeErr: (text) => process.stderr.write(printableLines(text)) });
  for (const inner of command.commands) printableErrors(inner);
}
