// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../package-version.ts';
import { printableLines } from '../runtime/printable.ts';
import { backfillCommand } from './backfill.ts';
import { explainCommand } from './explain.ts';
import { keygenCommand } from './keygen.ts';
import { lintCommand } from './lint.ts';
import { previewCommand } from './preview.ts';
import { printableErrors } from './printable-errors.ts';
import { signCommand } from './sign.ts';
import { trustCommand } from './trust.ts';
import { verifyCommand } from './verify.ts';

/** Usage errors end with 2, so that scripts can tell them from what a command found. */
const USAGE_ERROR = 2;

const program = new Command('hallmark')
  .description('Sign what Tekton builds, and say what was signed.')
  .version(packageVersion())
  .exitOverride((error) => {
    throw error.exitCode === 0 ? error : new CommanderError(USAGE_ERROR, error.code, error.message);
  })
  .addCommand(previewCommand())
  .addCommand(signCommand())
  .addCommand(explainCommand())
  .addCommand(verifyCommand())
  .addCommand(trustCommand())
  .addCommand(keygenCommand())
  .addCommand(lintCommand())
  .addCommand(backfillCommand());

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
