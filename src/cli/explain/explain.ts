// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError, Option } from 'commander';
import { KubeClient } from '../../kube/kube-client.ts';
import { KubeConnection } from '../../kube/kube-connection.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { explainRun } from './explain-run.ts';
import { explanationText } from './explanation-text.ts';
import { gatherExplanation } from './gather-explanation.ts';

interface ExplainOptions {
  readonly namespace?: string;
  readonly context?: string;
  readonly operatorNamespace: string;
  readonly output: 'text' | 'json';
}

/** `hallmark explain RUN`: for each policy, whether it selects the run, what became of it, and what to do. */
export function explainCommand(): Command {
  return new Command('explain')
    .summary('say why a run was or was not signed')
    .description(
      'Says for every policy in reach whether it selects a run and what its record says.\n' +
        'RUN is NAME, taskrun/NAME or pipelinerun/NAME. Reads the cluster of the current context and writes nothing.\n' +
        'Exits with 1 when a policy selects the run and it is not signed and stored.',
    )
    .argument('<run>', 'NAME, taskrun/NAME or pipelinerun/NAME')
    .option('-n, --namespace <name>', "namespace of the run (the context's when absent)")
    .option('--context <name>', 'context of the kubeconfig')
    .option('--operator-namespace <name>', "the operator's own namespace", 'hallmark-system')
    .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text'))
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : new CommanderError(2, error.code, error.message);
    })
    .action(explain);
}

async function explain(run: string, options: ExplainOptions, command: Command): Promise<void> {
  const connection = KubeConnection.fromDefault({
    clock,
    ...(options.context === undefined ? {} : { context: options.context }),
  });
  const client = new KubeClient({ connection, clock, userAgent: 'hallmark-cli' });
  try {
    const namespace = options.namespace ?? connection.namespace ?? 'default';
    const { operatorNamespace } = options;
    const signal = AbortSignal.timeout(60_000);
    const gathered = await gatherExplanation(client, { run, namespace, operatorNamespace }, signal);
    const explanation = explainRun(gathered, clock.now());
    const text = options.output === 'json' ? JSON.stringify(explanation, undefined, 2) : explanationText(explanation);
    command.configureOutput().writeOut?.(`${text}\n`);
    if (!explanation.isFine) process.exitCode = 1;
  } finally {
    await connection.close();
  }
}
