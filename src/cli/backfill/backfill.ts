// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError } from 'commander';
import { systemClock as clock } from '../../runtime/clock.ts';
import type { BackfillTarget } from './backfill-records.ts';
import { CliContext } from '../cli-context.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { listedNamespace } from '../listed-namespace.ts';
import { timeLimit } from '../time-limit.ts';
import { usageExit } from '../usage-exit.ts';

interface BackfillOptions extends ClusterOptions {
  readonly allNamespaces?: true;
  readonly policy?: string;
  readonly since?: Date;
  readonly rate: number;
  readonly timeout: number;
  readonly dryRun?: true;
}

/** Makes `hallmark backfill BACKEND`, which stores existing evidence in a backend that is new or lost its content. */
export function backfillCommand(): Command {
  return new Command('backfill')
    .summary('store existing evidence in one more backend')
    .description(
      'Asks the operator to store existing evidence in a backend that is new or that lost its content. Nothing is signed again.\n' +
        'The command waits until everything is stored. You can interrupt and repeat it; it continues where it left off.\n' +
        'Exits with 1 if something was not stored in time, and with 3 if the namespace does not exist.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ hallmark backfill storagebackend/registry -n team-a --since 2026-01-31T00:00:00Z',
    )
    .argument('<backend>', 'NAME, storagebackend/NAME or clusterstoragebackend/NAME', parseBackend)
    .option('-n, --namespace <name>', 'namespace of the records (default: that of the kubeconfig context)')
    .option('-A, --all-namespaces', 'include the records of every namespace')
    .option('--context <name>', 'kubeconfig context')
    .option('--policy <name>', 'include only records of this policy')
    .option('--since <time>', 'include only runs that finished at this time (RFC 3339) or later', parseTime)
    .option('--rate <number>', 'requests per second', parsePositive, 20)
    .option('--timeout <seconds>', 'time to wait for all records', parsePositive, 3600)
    .option('--dry-run', 'count the records, and request nothing')
    .exitOverride(usageExit)
    .action(backfill);
}

async function backfill(backend: BackfillTarget, options: BackfillOptions, command: Command): Promise<void> {
  const { policy, since } = options;
  const context = new CliContext(options);
  const print = (line: string): void => {
    command.configureOutput().writeOut?.(`${line}\n`);
  };
  try {
    const [{ Backfill }, { requireBackend }] = await Promise.all([
      import('./backfill-records.ts'),
      import('./require-backend.ts'),
    ]);
    const { client } = await context.cluster();
    const signal = timeLimit(options.timeout * 1000);
    const namespace = await listedNamespace(options, context, { client, signal });
    await requireBackend(client, backend, { namespace, signal });
    const work = new Backfill({
      client,
      clock,
      backend,
      scope: {
        namespace,
        ...(policy === undefined ? {} : { policy }),
        ...(since === undefined ? {} : { since }),
      },
      perSecond: options.rate,
      onProgress: print,
    });
    const left = options.dryRun === true ? await work.count(signal) : await work.run(signal);
    if (left > 0 && options.dryRun !== true) process.exitCode = 1;
  } finally {
    await context.close();
  }
}

function parseBackend(text: string): BackfillTarget {
  const slash = text.indexOf('/');
  const [prefix, name] =
    slash < 0 ? ['storagebackend', text] : [text.slice(0, slash).toLowerCase(), text.slice(slash + 1)];
  if (name === '' || name.includes('/') || name.includes(','))
    throw new InvalidArgumentError('It must name a backend.');
  if (['storagebackend', 'storagebackends', 'sb'].includes(prefix)) return { kind: 'StorageBackend', name };
  if (['clusterstoragebackend', 'clusterstoragebackends', 'csb'].includes(prefix))
    return { kind: 'ClusterStorageBackend', name };
  throw new InvalidArgumentError(`"${prefix}" is not a kind of backend: use storagebackend or clusterstoragebackend.`);
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('It must be a time such as 2026-01-31T12:00:00Z.');
  return time;
}

function parsePositive(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}
