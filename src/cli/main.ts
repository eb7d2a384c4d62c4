// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../package-version.ts';
import { printableLines } from '../runtime/printable.ts';
import { printableErrors } from './printable-errors.ts';

/** Usage errors end with 2, so that scripts can tell them from what a command found. */
const USAGE_ERROR = 2;

/** Each command by its name. One that is named alone is loaded alone: the others bring packages that take their time. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['preview', async () => (await import('./preview/preview.ts')).previewCommand()],
  ['sign', async () => (await import('./sign/sign.ts')).signCommand()],
  ['explain', async () => (await import('./explain/explain.ts')).explainCommand()],
  ['verify', async () => (await import('./verify/verify.ts')).verifyCommand()],
  ['trust', async () => (await import('./trust/trust.ts')).trustCommand()],
  ['keygen', async () => (await import('./keygen/keygen.ts')).keygenCommand()],
  ['lint', async () => (await import('./lint/lint.ts')).lintCommand()],
  ['backfill', async () => (await import('./backfill/backfill.ts')).backfillCommand()],
]);
const named = commands.get(process.argv[2] ?? '');
const loaded = await Promise.all((named === undefined ? [...commands.values()] : [named]).map((load) => load()));

const program = new Command('hallmark')
  .description('Sign what Tekton builds, and say what was signed.')
  .version(packageVersion())
  .exitOverride((error) => {
    throw error.exitCode === 0 ? error : new CommanderError(USAGE_ERROR, error.code, error.message);
  });
for (const command of loaded) program.addCommand(command);

printableErrors(program);
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(printableLines(`hallmark: ${message}\n`));
    process.exitCode = 1;
  }
}
