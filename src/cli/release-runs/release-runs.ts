// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander';
import { CliContext } from '../cli-context.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { timeLimit } from '../time-limit.ts';
import { usageExit } from '../usage-exit.ts';

interface ReleaseRunsOptions extends ClusterOptions {
  readonly allNamespaces?: true;
  readonly dryRun?: true;
}

/** The time for all runs. */
const TIMEOUT_MS = 3_600_000;

/** Makes `hallmark release-runs`, which lets go the runs that an operator kept and does not keep any more. */
export function releaseRunsCommand(): Command {
  return new Command('release-runs')
    .summary('let go the runs that a removed operator kept')
    .description(
      'Removes the finalizer hallmark.dev/deletion-guard from TaskRuns and PipelineRuns, and nothing else.\n' +
        'Use it after the operator was uninstalled, or no longer watches a namespace: without the operator, runs that a policy\n' +
        'holds (spec.deletionGuard) cannot be deleted. An operator that runs sets the finalizer again.\n' +
        'Exits with 1 if a run could not be let go.',
    )
    .addHelpText('after', '\nExample:\n  $ hallmark release-runs -A')
    .option('-n, --namespace <name>', 'namespace of the runs (default: that of the kubeconfig context)')
    .option('-A, --all-namespaces', 'include the runs of every namespace')
    .option('--context <name>', 'kubeconfig context')
    .option('--dry-run', 'list the runs, and change nothing')
    .exitOverride(usageExit)
    .action(releaseRuns);
}

async function releaseRuns(options: ReleaseRunsOptions, command: Command): Promise<void> {
  const context = new CliContext(options);
  const print = (line: string): void => {
    command.configureOutput().writeOut?.(`${line}\n`);
  };
  try {
    const { releaseHeldRuns } = await import('./release-held-runs.ts');
    const { client } = await context.cluster();
    const { failed } = await releaseHeldRuns(client, {
      namespace: options.allNamespaces === true ? undefined : await context.namespace(),
      isDryRun: options.dryRun === true,
      signal: timeLimit(TIMEOUT_MS),
      print,
    });
    if (failed > 0) process.exitCode = 1;
  } finally {
    await context.close();
  }
}
