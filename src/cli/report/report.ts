// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import { systemClock as clock } from '../../runtime/clock.ts';
import { CliContext } from '../cli-context.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { listedNamespace } from '../listed-namespace.ts';
import { timeLimit } from '../time-limit.ts';
import { usageExit } from '../usage-exit.ts';
import type { CoverageReport } from './coverage-report.ts';

interface ReportOptions extends ClusterOptions {
  readonly allNamespaces?: true;
  readonly output: keyof typeof formats;
}

const TIMEOUT_MS = 600_000;
const formats = {
  text: async () => (await import('./report-text.ts')).reportText,
  json: () => Promise.resolve((report: CoverageReport) => JSON.stringify(report, undefined, 2)),
  html: async () => (await import('./report-html.ts')).reportHtml,
} as const satisfies Record<string, () => Promise<(report: CoverageReport) => string>>;

/** Makes `hallmark report`, which counts runs and their evidence by namespace and policy. */
export function reportCommand(): Command {
  return new Command('report')
    .summary('report which runs are signed, by namespace and policy')
    .description(
      'Counts the finished runs of a namespace or the cluster: selected, signed, stored, verified, failed, waiting and unselected, with the reasons.\n' +
        'Runs that are gone count as long as their records are there. The HTML is one file that loads nothing.\n' +
        'Exits with 3 if the cluster cannot be reached, the namespace does not exist, or you may not list records there.',
    )
    .addHelpText('after', '\nExamples:\n  $ hallmark report -n team-a\n  $ hallmark report -A -o html > report.html')
    .option('-n, --namespace <name>', 'namespace to report on (default: that of the kubeconfig context)')
    .option('-A, --all-namespaces', 'report on every namespace')
    .option('--context <name>', 'kubeconfig context')
    .option('--operator-namespace <name>', 'namespace of the operator', 'hallmark-system')
    .addOption(new Option('-o, --output <format>', 'output format').choices(Object.keys(formats)).default('text'))
    .allowExcessArguments(false)
    .exitOverride(usageExit)
    .action(report);
}

async function report(options: ReportOptions, command: Command): Promise<void> {
  const context = new CliContext(options);
  try {
    const [{ gatherReport }, print] = await Promise.all([import('./gather-report.ts'), formats[options.output]()]);
    const { client } = await context.cluster();
    const { operatorNamespace } = context;
    const signal = timeLimit(TIMEOUT_MS);
    const namespace = await listedNamespace(options, context, { client, signal });
    const gathered = await gatherReport(client, { namespace, operatorNamespace, now: clock.now(), signal });
    command.configureOutput().writeOut?.(`${print(gathered)}\n`);
  } finally {
    await context.close();
  }
}
