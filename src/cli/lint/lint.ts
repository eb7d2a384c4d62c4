// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import { printable } from '../../runtime/printable.ts';
import { fileName } from '../file-error.ts';
import { repeatableOption } from '../repeatable-option.ts';
import { refuse, usageExit } from '../usage-exit.ts';
import type { LintFinding, LintReport } from './lint-report.ts';

interface LintOptions {
  readonly output: 'text' | 'json';
  readonly ceiling: readonly string[];
}

/**
 * Makes `hallmark lint FILE…`, which checks manifests offline against the schemas and rules of the CRDs. Exits with 1 if the API server
 * would refuse a manifest, and with 2 if the command line is wrong.
 */
export function lintCommand(): Command {
  return new Command('lint')
    .summary('check manifests offline')
    .description(
      'Checks the hallmark.dev documents in the given files as the API server would, but offline.\n' +
        'Documents of other groups are ignored. Exits with 1 if there are problems.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ hallmark lint manifests/\n  $ hallmark lint --ceiling ceiling.yaml manifests/',
    )
    .argument('<file...>', 'YAML or JSON files, folders of them, or - for standard input')
    .addOption(
      repeatableOption(
        '--ceiling <file>',
        'also check policies and backends against the PolicyCeilings in this file, as if they selected every namespace',
      ),
    )
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .exitOverride(usageExit)
    .action(lint);
}

async function lint(files: readonly string[], { output, ceiling }: LintOptions, command: Command): Promise<void> {
  const [{ lintFiles }, { lintReport }] = await Promise.all([import('./lint-files.ts'), import('./lint-report.ts')]);
  const refused = (error: unknown): never => refuse(command, error);
  const excessOf = ceiling.length === 0 ? undefined : await checkAgainst(ceiling).catch(refused);
  const documents = await lintFiles(files, process.stdin).catch(refused);
  // A job that lints a folder of the wrong name must not succeed.
  if (documents.length === 0)
    refused(new Error(`nothing to check: ${files.map(fileName).join(', ')} holds no document`));
  const report = lintReport(documents, excessOf);
  const print = command.configureOutput();
  if (output === 'json') print.writeOut?.(`${JSON.stringify(report, undefined, 2)}\n`);
  else {
    for (const line of lintLines(report)) print.writeOut?.(`${line}\n`);
    print.writeErr?.(`${lintSummary(report)}\n`);
  }
  if (report.problems.length > 0) process.exitCode = 1;
}

/** Makes the check against the ceilings in files. */
async function checkAgainst(files: readonly string[]): Promise<(object: unknown) => string | undefined> {
  const [{ lintFiles }, { ceilingExcess, ceilingsIn }] = await Promise.all([
    import('./lint-files.ts'),
    import('./ceiling-findings.ts'),
  ]);
  const ceilings = ceilingsIn(await lintFiles(files, process.stdin));
  return (object) => ceilingExcess(object, ceilings);
}

/** Formats each finding as `file:line Kind namespace/name: path: message`. */
export function lintLines({ problems, warnings }: LintReport): readonly string[] {
  return [
    ...problems.map((problem) => findingLine(problem, '')),
    ...warnings.map((warning) => findingLine(warning, 'warning: ')),
  ];
}

function lintSummary({ checked, ignored, problems, warnings }: LintReport): string {
  const counts = [
    `${counted(checked, 'hallmark.dev document')} checked`,
    `${ignored} of other groups ignored`,
    counted(problems.length, 'problem'),
    counted(warnings.length, 'warning'),
  ];
  return counts.join(', ');
}

function findingLine(
  { file, line: number, kind, namespace, name, path, message }: LintFinding,
  prefix: string,
): string {
  const object = [kind, [namespace, name].filter((part) => part !== undefined).join('/')].filter(Boolean).join(' ');
  const place = `${file}:${number}${object === '' ? '' : ` ${object}`}`;
  return printable(`${place}: ${prefix}${path === '' ? message : `${path}: ${message}`}`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
