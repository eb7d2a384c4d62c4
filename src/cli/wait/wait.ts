// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError, Option } from 'commander';
import { printableLines } from '../../runtime/printable.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { CliContext } from '../cli-context.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { parseRunReference } from '../run-reference.ts';
import { usageExit } from '../usage-exit.ts';
import type { Goal } from './judge-wait.ts';

interface WaitOptions extends ClusterOptions {
  readonly for: Goal;
  readonly timeout: number;
  readonly policy?: string;
}

const FAILED = 1;
const TIMED_OUT = 4;

/** Makes `hallmark wait RUN --for stored`, which ends once every policy that selects the run has it signed or stored. */
export function waitCommand(): Command {
  return new Command('wait')
    .summary('wait until a run is signed or stored')
    .description(
      'Waits until every policy that selects the run has it signed or stored. The run may still be running.\n' +
        'Exits with 0 once that is so, with 1 as soon as it cannot be unless you act (the reason and the remedy are printed), and with 4 when the time is over.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  $ hallmark wait pipelinerun/release-1 -n team-a --for stored --timeout 5m\n' +
        '  $ hallmark wait taskrun/build-1 -n team-a --for signed --policy release',
    )
    .argument('<run>', 'NAME, taskrun/NAME or pipelinerun/NAME')
    .option('-n, --namespace <name>', 'namespace of the run (default: that of the kubeconfig context)')
    .option('--context <name>', 'kubeconfig context')
    .option('--operator-namespace <name>', 'namespace of the operator', 'hallmark-system')
    .addOption(
      new Option('--for <condition>', 'condition of the records to wait for')
        .choices(['ready', 'signed', 'stored', 'verified'])
        .default('stored'),
    )
    .option('--policy <name>', 'wait for this policy alone')
    .addOption(
      new Option('--timeout <time>', 'time to wait, such as 90s, 5m or 1h').argParser(parseSeconds).default(60, '60s'),
    )
    .exitOverride(usageExit)
    .action(wait);
}

async function wait(run: string, options: WaitOptions, command: Command): Promise<void> {
  // A wrong name ends the command before it asks the cluster.
  parseRunReference(run);
  const context = new CliContext(options);
  const streams = command.configureOutput();
  try {
    const { waitForRun } = await import('./wait-for-run.ts');
    const { client } = await context.cluster();
    const { for: goal, policy, timeout } = options;
    const place = { namespace: await context.namespace(), operatorNamespace: context.operatorNamespace };
    const signal = AbortSignal.timeout(timeout * 1000);
    const { state, lines } = await waitForRun(client, clock, { run, ...place, goal, policy }, signal);
    if (state === 'Met') {
      streams.writeOut?.(printableLines(`${lines.join('\n')}\n`));
      return;
    }
    const what = state === 'Failed' ? `is not ${goal}` : `is not ${goal} after ${timeout} seconds`;
    streams.writeErr?.(`error: ${run} ${what}:\n${lines.map((line) => `  ${line}\n`).join('')}`);
    streams.writeErr?.(
      `docs/reasons.md says what to do about each reason; "hallmark explain ${run} -n ${place.namespace}" says more\n`,
    );
    process.exitCode = state === 'Failed' ? FAILED : TIMED_OUT;
  } finally {
    await context.close();
  }
}

const MAX_SECONDS = 24 * 3600;
const SECONDS_PER = { s: 1, m: 60, h: 3600 } as const;

/** Reads a time such as 90, 90s, 5m or 1h30m in seconds. */
export function parseSeconds(text: string): number {
  const { hours, minutes, seconds } =
    /^(?=.)(?:(?<hours>\d{1,4})h)?(?:(?<minutes>\d{1,5})m)?(?:(?<seconds>\d{1,7})s?)?$/.exec(text)?.groups ?? {};
  const total =
    Number(hours ?? 0) * SECONDS_PER.h + Number(minutes ?? 0) * SECONDS_PER.m + Number(seconds ?? 0) * SECONDS_PER.s;
  if (total <= 0 || total > MAX_SECONDS)
    throw new InvalidArgumentError('It must be a time such as 90s, 5m or 1h, and 24h at most.');
  return total;
}
