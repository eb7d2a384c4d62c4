// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { printableLines } from '../runtime/printable.ts';

/** Has a command and its subcommands write no control sequences to standard error: what fails quotes files and clusters. */
export function printableErrors(command: Command): void {
  command.configureOutput({ writeErr: (text) => process.stderr.write(printableLines(text)) });
  for (const inner of command.commands) printableErrors(inner);
}
