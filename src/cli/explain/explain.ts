// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import { systemClock as clock } from '../../runtime/clock.ts';
import type { Explanation } from './explain-run.ts';
import { printableLines } from '../../runtime/printable.ts';
import { CliContext } from '../cli-context.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { parseRunReference } from '../run-reference.ts';
import { timeLimit } from '../time-limit.ts';
import { usageExit } from '../usage-exit.ts';

interface ExplainOptions extends ClusterOptions {
  readonly output: 'text' | 'json';
}

/** Makes `hallmark explain RUN`, which reports for each policy whether it selects the run, the outcome, and what to do. */
export function explainCommand(): Command {
  return new Command('explain')
    .summary('explain why a run was or was not signed')
    .description(
      "Reports for every policy that applies to the run's namespace whether it selects the run, and what its record states.\n" +
        'The command only reads the cluster.\n' +
        'Exits with 1 if a policy selects the run but the run is not yet signed and stored.',
    )
    .addHelpText('after', '\nExample:\n  $ hallmark explain taskrun/build-1 -n team-a')
    .argument('<run>', 'NAME, taskrun/NAME or pipelinerun/NAME')
    .option('-n, --namespace <name>', 'namespace of the run (default: that of the kubeconfig context)')
    .option('--context <name>', 'kubeconfig context')
    .option('--operator-namespace <name>', 'namespace of the operator', 'hallmark-system')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .exitOverride(usageExit)
    .action(explain);
}

async function explain(run: string, options: ExplainOptions, command: Command): Promise<void> {
  // A wrong name ends the command before it asks the cluster.
  parseRunReference(run);
  const context = new CliContext(options);
  try {
    const [{ gatherExplanation }, { explainRun }] = await Promise.all([
      import('./gather-explanation.ts'),
      import('./explain-run.ts'),
    ]);
    const { client } = await context.cluster();
    const target = { run, namespace: await context.namespace(), operatorNamespace: context.operatorNamespace };
    const gathered = await gatherExplanation(client, target, timeLimit(60_000));
    const explanation = explainRun(gathered, clock.now());
    const text = options.output === 'json' ? JSON.stringify(explanation, undefined, 2) : explanationText(explanation);
    command.configureOutput().writeOut?.(`${text}\n`);
    if (!explanation.isFine) process.exitCode = 1;
  } finally {
    await context.close();
  }
}

/** Formats an explanation for people, one paragraph for each run. */
export function explanationText({ runs, unread }: Explanation): string {
  const paragraphs = runs.map(({ run, state, policies, guard, summary }) => {
    const lines = policies.map(
      ({ policy, isSelected, message, record, reason, retention, payloads, exceeds, warnings = [] }) => {
        const verdict = reason ?? (isSelected ? 'selected' : 'not selected');
        const title = `  ${policy}: ${verdict}${record === undefined ? '' : ` (record ${record})`}`;
        // The message of a record that waits for the ceiling says the same.
        const beyond = exceeds === undefined || message.includes(exceeds) ? [] : [`it exceeds its ceiling: ${exceeds}`];
        const details = [
          message,
          ...(retention === undefined ? [] : [retention]),
          ...(payloads === undefined ? [] : [payloads]),
          ...beyond,
          ...warnings,
        ];
        return [title, ...details.map((text) => `    ${text}`)].join('\n');
      },
    );
    const kept = guard === undefined ? [] : [`  ${guard}`];
    return [`${run}: ${state}`, `  ${summary}`, ...kept, ...lines].join('\n');
  });
  const missing =
    unread.length === 0 ? [] : [`not allowed to read ${unread.join(', ')}, so the explanation is incomplete`];
  return printableLines([...paragraphs, ...missing].join('\n\n'));
}
