// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import { packageVersion } from '../../package-version.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { CliContext } from '../cli-context.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { timeLimit } from '../time-limit.ts';
import { usageExit } from '../usage-exit.ts';
import type { Check } from './check.ts';

interface DoctorOptions extends ClusterOptions {
  readonly allNamespaces?: true;
  readonly probe?: true;
  readonly output: 'text' | 'json';
}

const TIMEOUT_MS = 120_000;

/** Makes `hallmark doctor`, which lists what keeps an installation from signing. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('find what keeps Hallmark from signing')
    .description(
      'Checks the cluster and its clock, the kinds and their versions, the operator and its rights, the admission policy, a second operator,\n' +
        'each policy with its key and log, each backend, and runs that finalizers keep.\n' +
        'The command only reads. It marks what you may not see as unseen, so the rights to view one namespace are enough.\n' +
        'Exits with 1 if a check failed, and with 3 if the cluster cannot be reached or refuses the login.',
    )
    .addHelpText('after', '\nExamples:\n  $ hallmark doctor -A\n  $ hallmark doctor -n team-a --probe -o json')
    .option('-n, --namespace <name>', 'namespace to check (default: that of the kubeconfig context)')
    .option('-A, --all-namespaces', 'check every namespace')
    .option('--context <name>', 'kubeconfig context')
    .option('--operator-namespace <name>', 'namespace of the operator', 'hallmark-system')
    .option(
      '--probe',
      'also try to reach each server that policies and backends name, from this machine and without credentials',
    )
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .allowExcessArguments(false)
    .exitOverride(usageExit)
    .action(doctor);
}

async function doctor(options: DoctorOptions, command: Command): Promise<void> {
  const context = new CliContext(options);
  try {
    const { doctorJson, doctorText, isHealthy } = await import('./doctor-report.ts');
    const checks = await allChecks(context, options, timeLimit(TIMEOUT_MS));
    const print = options.output === 'json' ? doctorJson : doctorText;
    command.configureOutput().writeOut?.(`${print(checks)}\n`);
    if (!isHealthy(checks)) process.exitCode = 1;
  } finally {
    await context.close();
  }
}

async function allChecks(context: CliContext, options: DoctorOptions, signal: AbortSignal): Promise<readonly Check[]> {
  const [
    { serverFacts },
    { checkServer },
    { checkNamespace },
    { checkKinds },
    { checkOperator },
    { operatorFacts },
    { checkRights },
    { checkObjects },
    { checkRuns },
  ] = await Promise.all([
    import('../../kube/server-facts.ts'),
    import('./check-server.ts'),
    import('./check-namespace.ts'),
    import('./check-kinds.ts'),
    import('./check-operator.ts'),
    import('./operator-facts.ts'),
    import('./check-rights.ts'),
    import('./check-objects.ts'),
    import('./check-runs.ts'),
  ]);
  const { client, connection } = await context.cluster();
  const namespace = options.allNamespaces === true ? undefined : await context.namespace();
  const { operatorNamespace } = context;
  const server = checkServer(await serverFacts(connection, signal), clock.now());
  const place = await checkNamespace(client, { namespace, signal });
  const kinds = await checkKinds(client, { namespace, signal });
  const operatorScope = { operatorNamespace, version: packageVersion(), clock, signal };
  const operators = await checkOperator(client, operatorScope);
  const facts = await operatorFacts(client, operatorScope);
  const rights = await checkRights(client, { namespace, operatorNamespace, ...facts, signal });
  const objects = await checkObjects(client, { namespace, signal });
  const runs = await checkRuns(client, { namespace, signal });
  const reached =
    options.probe === true
      ? await probed(
          context,
          objects.map(({ spec }) => spec),
          signal,
        )
      : [];
  return [
    ...server,
    ...place,
    ...kinds,
    ...operators,
    ...rights,
    ...objects.map(({ check }) => check),
    ...runs,
    ...reached,
  ];
}

async function probed(context: CliContext, specs: readonly unknown[], signal: AbortSignal): Promise<readonly Check[]> {
  const { checkEndpoints, endpointsIn } = await import('./check-endpoints.ts');
  return checkEndpoints(await context.egress(), endpointsIn(specs), signal);
}
