// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander';
import { CliContext } from '../cli-context.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { UsageError } from '../cli-error.ts';
import { listedNamespace } from '../listed-namespace.ts';
import { timeLimit } from '../time-limit.ts';
import { usageExit } from '../usage-exit.ts';

interface ReleaseRunsOptions extends ClusterOptions {
  readonly allNamespaces?: true;
  readonly dryRun?: true;
  readonly chains?: true;
  readonly annotations?: true;
}

/** The time for all runs. */
const TIMEOUT_MS = 3_600_000;

/** Makes `hallmark release-runs`, which lets go the runs that an operator kept and does not keep any more. */
export function releaseRunsCommand(): Command {
  return new Command('release-runs')
    .summary('let go the runs that a removed operator, or Tekton Chains, kept')
    .description(
      'Removes the finalizer hallmark.dev/deletion-guard from TaskRuns and PipelineRuns, and nothing else.\n' +
        'Use it after the operator was uninstalled, or no longer watches a namespace: without the operator, runs that a policy\n' +
        'holds (spec.deletionGuard) cannot be deleted. An operator that runs sets the finalizer again.\n' +
        'With --chains, removes the finalizers of Tekton Chains instead. Use it after Chains was removed: runs that Chains has not signed are\n' +
        'not signed by it any more. With --annotations, its annotations go too, but for those of runs that Hallmark annotated.\n' +
        'Exits with 1 if a run could not be let go, and with 3 if the namespace does not exist.',
    )
    .addHelpText('after', '\nExamples:\n  $ hallmark release-runs -A\n  $ hallmark release-runs --chains -A --dry-run')
    .option('-n, --namespace <name>', 'namespace of the runs (default: that of the kubeconfig context)')
    .option('-A, --all-namespaces', 'include the runs of every namespace')
    .option('--context <name>', 'kubeconfig context')
    .option('--chains', "remove Tekton Chains' finalizers instead of Hallmark's")
    .option('--annotations', 'with --chains, remove the annotations of Chains too, and the evidence in them')
    .option('--dry-run', 'list the runs, and change nothing')
    .exitOverride(usageExit)
    .action(releaseRuns);
}

async function releaseRuns(options: ReleaseRunsOptions, command: Command): Promise<void> {
  const { chains, annotations = false } = options;
  if (annotations && chains !== true) throw new UsageError('--annotations needs --chains');
  const context = new CliContext(options);
  const print = (line: string): void => {
    command.configureOutput().writeOut?.(`${line}\n`);
  };
  try {
    const [{ releaseHeldRuns }, { chainsTraces }] = await Promise.all([
      import('./release-held-runs.ts'),
      import('./chains-traces.ts'),
    ]);
    const { client } = await context.cluster();
    const signal = timeLimit(TIMEOUT_MS);
    const namespace = await listedNamespace(options, context, { client, signal });
    const traces = chains === true ? { traces: await chainsTraces(client, { annotations, namespace, signal }) } : {};
    const isDryRun = options.dryRun === true;
    const { failed } = await releaseHeldRuns(client, { namespace, isDryRun, signal, print, ...traces });
    if (failed > 0) process.exitCode = 1;
  } finally {
    await context.close();
  }
}
