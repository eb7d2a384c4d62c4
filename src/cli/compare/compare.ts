// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock as clock } from '../../runtime/clock.ts';
import { CliContext } from '../cli-context.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { UncheckedError } from '../cli-error.ts';
import type { RegistryOptions } from '../registry/repository-access.ts';
import { listedNamespace } from '../listed-namespace.ts';
import { timeLimit } from '../time-limit.ts';
import { UNCHECKED, usageExit } from '../usage-exit.ts';
import type { Comparison, ComparisonScope } from './compare-runs.ts';

interface CompareOptions extends ClusterOptions, RegistryOptions {
  readonly allNamespaces?: true;
  readonly policy?: string;
  readonly since?: Date;
  readonly registry?: true;
  readonly output: 'text' | 'json';
}

const TIMEOUT_MS = 3_600_000;
const WEEK_MS = 7 * 86_400_000;

/** Makes `hallmark compare`, which compares the payloads of records with those that Tekton Chains stored. */
export function compareCommand(): Command {
  return new Command('compare')
    .summary('compare payloads with those that Tekton Chains stored')
    .description(
      'Compares the payloads in the records of a namespace, such as those of a policy in Audit mode, with those that Tekton Chains stored for the\n' +
        "same runs, and prints the fields that differ. Chains' payloads are read from the annotations of the runs and, with --registry, from the\n" +
        'registries of the images. Signatures are not verified. Exits with 0 if everything is the same but for intended differences, with 1 if\n' +
        'something differs or is missing, with 2 if the command line is wrong, and with 3 if something, or everything, could not be compared.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  $ hallmark compare -A\n' +
        '  $ hallmark compare -n team-a --since 2026-01-31T00:00:00Z --registry\n' +
        '  $ hallmark compare -A -o json | jq \'.comparisons[] | select(.state == "Differs")\'',
    )
    .option('-n, --namespace <name>', 'namespace of the records (default: that of the kubeconfig context)')
    .option('-A, --all-namespaces', 'compare in every namespace')
    .option('--context <name>', 'kubeconfig context')
    .option('--policy <name>', 'compare only records of this policy')
    .option(
      '--since <time>',
      'compare only runs that finished at this time (RFC 3339) or later (default: a week ago)',
      parseTime,
    )
    .option('--registry', 'read payloads that the run does not have from the registry of its image')
    .option('--registry-ca <file>', "certificates (PEM) to trust for the registry instead of the system's")
    .option('--allow-insecure-registry', 'accept any certificate of the registry, and plain http')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .exitOverride(usageExit)
    .action(compare);
}

async function compare(options: CompareOptions, command: Command): Promise<void> {
  const context = new CliContext(options);
  const signal = timeLimit(TIMEOUT_MS);
  try {
    const [{ compareRuns }, report] = await Promise.all([
      import('./compare-runs.ts'),
      import('./comparison-report.ts'),
    ]);
    const { client } = await context.cluster();
    const scope: ComparisonScope = {
      namespace: await listedNamespace(options, context, { client, signal }),
      policy: options.policy,
      since: options.since ?? new Date(clock.now().getTime() - WEEK_MS),
      registries: options.registry === true ? await registryPayloads(options, context, signal) : undefined,
      signal,
    };
    const print = command.configureOutput();
    const isText = options.output === 'text';
    const comparisons: Comparison[] = [];
    for await (const comparison of compareRuns(client, scope)) {
      // Very many payloads may differ: text needs no more of them than their number.
      comparisons.push(isText ? { run: comparison.run, state: comparison.state } : comparison);
      const lines = isText ? report.comparisonLines(comparison) : [];
      for (const line of lines) print.writeOut?.(`${line}\n`);
    }
    if (comparisons.length === 0)
      throw new UncheckedError('there is nothing to compare: no record and no run of Chains');
    const counts = report.countedComparisons(comparisons);
    if (!isText) print.writeOut?.(`${JSON.stringify({ counts, comparisons }, undefined, 2)}\n`);
    else print.writeErr?.(`${report.summaryLine(counts)}\n`);
    if (counts.Differs + counts.Missing > 0) process.exitCode = 1;
    else if (counts.Unknown > 0) process.exitCode = UNCHECKED;
  } finally {
    await context.close();
  }
}

async function registryPayloads(options: RegistryOptions, context: CliContext, signal: AbortSignal) {
  const { RegistryPayloads } = await import('./chains-payloads.ts');
  return new RegistryPayloads(options, { egress: await context.egress(), signal });
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('It must be a time such as 2026-01-31T12:00:00Z.');
  return time;
}
