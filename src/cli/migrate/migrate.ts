// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import { printableLines } from '../../runtime/printable.ts';
import { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';
import { fileName } from '../file-error.ts';
import { namespaceName } from '../name-arguments.ts';
import { timeLimit } from '../time-limit.ts';
import { refuse, usageExit } from '../usage-exit.ts';
import type { Migration } from './plan-migration.ts';
import type { ChainsConfigFile } from './read-chains-config.ts';
import { type MigrationScope, secretsNamespace } from './migration.ts';

interface MigrateOptions {
  readonly filename: string;
  readonly namespace?: string;
  readonly operatorNamespace: string;
  readonly mode: 'Audit' | 'Enforce';
  readonly awsRegion?: string;
  readonly copySecrets?: true;
  readonly chainsNamespace?: string;
  readonly context?: string;
  readonly output: 'yaml' | 'values' | 'json';
}

const TIMEOUT_MS = 60_000;

/** Makes `hallmark migrate`, which turns the configuration of Tekton Chains into manifests. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .summary("turn Tekton Chains' configuration into manifests")
    .description(
      'Reads the ConfigMap chains-config of Tekton Chains (or a List with it, a TektonConfig or a TektonChain), and prints the policies and\n' +
        'backends that do the same, ready for "kubectl apply". A line about each key, and what is left to do, goes to standard error.\n' +
        'The policies audit until you set their mode to Enforce. Secrets are named, and printed only with --copy-secrets.\n' +
        'Exits with 1 if something could not be migrated, with 2 if the command line or the file is wrong, and with 3 if a Secret to copy cannot be\n' +
        'read: nothing is printed then.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  $ kubectl get configmap chains-config -n tekton-chains -o yaml | hallmark migrate -f - > hallmark.yaml\n' +
        '  $ hallmark migrate -f chains-config.yaml --namespace team-a | kubectl apply -f -\n' +
        '  $ hallmark migrate -f chains-config.yaml -o values > values.yaml\n' +
        '  $ helm upgrade hallmark ./helm/hallmark -n hallmark-system --reset-then-reuse-values -f values.yaml',
    )
    .requiredOption('-f, --filename <file>', 'file of YAML or JSON, or - for standard input')
    .addOption(
      new Option(
        '-n, --namespace <name>',
        'make a SigningPolicy in this namespace instead of a ClusterSigningPolicy',
      ).argParser(namespaceName),
    )
    .addOption(
      new Option('--operator-namespace <name>', 'namespace of the operator')
        .default('hallmark-system')
        .argParser(namespaceName),
    )
    .addOption(new Option('--mode <mode>', 'mode of the policies').choices(['Audit', 'Enforce']).default('Audit'))
    .option('--aws-region <region>', 'region of a DynamoDB table, which the ConfigMap does not say')
    .option('--copy-secrets', 'also print the Secrets: the one with the keys is read from the cluster')
    .option(
      '--chains-namespace <name>',
      'namespace of Chains, for --copy-secrets (default: that in the file, or tekton-chains)',
    )
    .option('--context <name>', 'kubeconfig context, for --copy-secrets')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['yaml', 'values', 'json']).default('yaml'))
    .exitOverride(usageExit)
    .action(migrate);
}

async function migrate(options: MigrateOptions, command: Command): Promise<void> {
  const [{ ChainsConfig }, { planMigration }, report] = await Promise.all([
    import('./chains-config.ts'),
    import('./plan-migration.ts'),
    import('./migration-report.ts'),
  ]);
  const { output } = options;
  const refused = (error: unknown): never => refuse(command, error);
  const read = await configIn(options.filename).catch(refused);
  const scope: MigrationScope = { ...options, namespace: options.namespace };
  const namespace = secretsNamespace(scope);
  const planned = withOperator(planMigration(new ChainsConfig(read.data), scope), read);
  const chainsNamespace = options.chainsNamespace ?? read.namespace ?? 'tekton-chains';
  const migration =
    options.copySecrets === true ? await copied(planned, { ...options, chainsNamespace }, namespace) : planned;
  const print = command.configureOutput();
  if (output === 'json') print.writeOut?.(`${JSON.stringify(shown(migration), undefined, 2)}\n`);
  else {
    print.writeOut?.(output === 'yaml' ? report.manifestsText(migration) : report.valuesText(migration));
    for (const line of report.reportLines(migration, namespace)) print.writeErr?.(`${printableLines(line)}\n`);
  }
  if (migration.problems.length > 0) process.exitCode = 1;
}

/** Reads the configuration of Chains from a file. @throws UsageError, or the failure of reading the file */
async function configIn(file: string): Promise<ChainsConfigFile> {
  const [{ lintFiles }, { readChainsConfig }] = await Promise.all([
    import('../lint/lint-files.ts'),
    import('./read-chains-config.ts'),
  ]);
  const documents = await lintFiles([file], process.stdin);
  const unreadable = documents.find((document) => 'syntaxError' in document);
  if (unreadable !== undefined) throw new UsageError(`${fileName(file)}:${unreadable.line}: ${unreadable.syntaxError}`);
  const objects = documents.flatMap((document) => ('value' in document ? [document.value] : []));
  return readChainsConfig(fileName(file), objects);
}

/** The migration with a line for each setting of the Tekton operator. */
function withOperator(migration: Migration, { operator }: ChainsConfigFile): Migration {
  if (operator === undefined) return migration;
  const { keys, problems } = migration;
  return { ...migration, keys: [...keys, ...operator.lines], problems: [...problems, ...operator.problems] };
}

/** The migration without the contents of Secrets. */
function shown(migration: Migration): object {
  return { ...migration, secrets: migration.secrets.map((secret) => ({ ...secret, value: undefined })) };
}

async function copied(
  migration: Migration,
  { chainsNamespace, context: name }: { readonly chainsNamespace: string; readonly context?: string },
  namespace: string,
): Promise<Migration> {
  const [{ SECRETS }, { withCopiedSecrets }] = await Promise.all([
    import('../../kube/core-resources.ts'),
    import('./copied-secrets.ts'),
  ]);
  const context = new CliContext({ namespace: chainsNamespace, ...(name === undefined ? {} : { context: name }) });
  try {
    const { client } = await context.cluster();
    return await withCopiedSecrets(migration, namespace, async (secret) => {
      const place = { namespace: chainsNamespace, name: secret };
      const data = await client.find(SECRETS, place, { signal: timeLimit(TIMEOUT_MS) });
      if (data !== undefined && Object.keys(data).length > 0) return data;
      throw new UncheckedError(`Secret ${chainsNamespace}/${secret} of Chains is not there, or is empty`);
    });
  } finally {
    await context.close();
  }
}
