// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { KubeClient } from '../../kube/kube-client.ts';
import { KubeConnection } from '../../kube/kube-connection.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { Backfill } from './backfill-records.ts';
import type { BackfillTarget } from './backfill-records.ts';

interface BackfillOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly context?: string;
  readonly policy?: string;
  readonly since?: Date;
  readonly rate: number;
  readonly timeout: number;
  readonly dryRun?: true;
}

/** `hallmark backfill BACKEND`: has existing records stored in a backend that they were not promised to, or that lost them. */
export function backfillCommand(): Command {
  return new Command('backfill')
    .summary('store what is signed already in one more backend')
    .description(
      'Asks the operator to store existing evidence in a backend: one that is new, or one that lost what it held.\n' +
        'BACKEND is NAME, storagebackend/NAME or clusterstoragebackend/NAME. Nothing is signed again.\n' +
        'Waits until all of it is stored; exits with 1 when something could not be. Asking again goes on where it was.',
    )
    .argument('<backend>', 'NAME, storagebackend/NAME or clusterstoragebackend/NAME', parseBackend)
    .option('-n, --namespace <name>', "namespace of the records (the context's when absent)")
    .option('-A, --all-namespaces', 'records of every namespace')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--policy <name>', 'only records of the policy of this name')
    .option('--since <time>', 'only runs that finished at this time (RFC 3339) or later', parseTime)
    .option('--rate <number>', 'records asked for in a second', parsePositive, 20)
    .option('--timeout <seconds>', 'how long to wait for all of them', parsePositive, 3600)
    .option('--dry-run', 'say how many records there are and ask for none')
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : new CommanderError(2, error.code, error.message);
    })
    .action(backfill);
}

async function backfill(backend: BackfillTarget, options: BackfillOptions, command: Command): Promise<void> {
  const { context, policy, since } = options;
  const connection = KubeConnection.fromDefault({ clock, ...(context === undefined ? {} : { context }) });
  const client = new KubeClient({ connection, clock, userAgent: 'hallmark-cli' });
  const print = (line: string): void => {
    command.configureOutput().writeOut?.(`${line}\n`);
  };
  try {
    const namespace = options.allNamespaces === true ? undefined : (options.namespace ?? connection.namespace);
    const work = new Backfill({
      client,
      clock,
      backend,
      scope: {
        namespace: options.allNamespaces === true ? undefined : (namespace ?? 'default'),
        ...(policy === undefined ? {} : { policy }),
        ...(since === undefined ? {} : { since }),
      },
      perSecond: options.rate,
      onProgress: print,
    });
    const signal = AbortSignal.timeout(options.timeout * 1000);
    const left = options.dryRun === true ? await work.count(signal) : await work.run(signal);
    if (left > 0 && options.dryRun !== true) process.exitCode = 1;
  } finally {
    await connection.close();
  }
}

function parseBackend(text: string): BackfillTarget {
  const slash = text.indexOf('/');
  const [prefix, name] =
    slash < 0 ? ['storagebackend', text] : [text.slice(0, slash).toLowerCase(), text.slice(slash + 1)];
  if (name === '' || name.includes('/') || name.includes(',')) throw new InvalidArgumentError('it must name a backend');
  if (['storagebackend', 'storagebackends', 'sb'].includes(prefix)) return { kind: 'StorageBackend', name };
  if (['clusterstoragebackend', 'clusterstoragebackends', 'csb'].includes(prefix))
    return { kind: 'ClusterStorageBackend', name };
  throw new InvalidArgumentError(`"${prefix}" is no kind of backend: say storagebackend or clusterstoragebackend`);
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('it must be a time such as 2026-01-31T12:00:00Z');
  return time;
}

function parsePositive(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('it must be a number above 0');
  return number;
}
