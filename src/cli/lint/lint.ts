// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError, Option } from 'commander';
import { lintFiles } from './lint-files.ts';
import { lintLines, lintSummary } from './lint-output.ts';
import { lintReport } from './lint-report.ts';

interface LintOptions {
  readonly output: 'text' | 'json';
}

/**
 * `hallmark lint FILE…`: checks manifests offline against the schemas and rules of the CRDs. Sets the exit code to 1 when a
 * manifest would be refused; what is wrong with the command line itself ends as a CommanderError with exit code 2.
 */
export function lintCommand(): Command {
  return new Command('lint')
    .summary('check manifests offline')
    .description(
      'Checks the hallmark.dev documents in the given files as the API server would, without one.\n' +
        'Documents of other groups are ignored. Exits with 1 when there are problems.',
    )
    .argument('<file...>', 'YAML or JSON files, folders of them, or - for standard input')
    .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text'))
    .exitOverride(usageError)
    .action(lint);
}

async function lint(files: readonly string[], { output }: LintOptions, command: Command): Promise<void> {
  const report = lintReport(
    await lintFiles(files, process.stdin).catch((error: unknown) => unreadable(command, error)),
  );
  const print = command.configureOutput();
  if (output === 'json') print.writeOut?.(`${JSON.stringify(report, undefined, 2)}\n`);
  else {
    for (const line of lintLines(report)) print.writeOut?.(`${line}\n`);
    print.writeErr?.(`${lintSummary(report)}\n`);
  }
  if (report.problems.length > 0) process.exitCode = 1;
}

/** Commander's own errors all carry 1, which says here that there are problems. */
function usageError(error: CommanderError): never {
  throw error.exitCode === 0 ? error : new CommanderError(2, error.code, error.message);
}

function unreadable(command: Command, error: unknown): never {
  command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { code: 'hallmark.unreadable' });
}
