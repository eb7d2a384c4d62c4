// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { CliContext } from '../cli-context.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { UsageError } from '../cli-error.ts';
import type { RegistryOptions } from '../registry/repository-access.ts';
import { timeLimit } from '../time-limit.ts';
import { usageExit } from '../usage-exit.ts';
import type { FoundRecord } from './find-records.ts';
import type { GetTarget } from './get-target.ts';

interface GetOptions extends ClusterOptions, RegistryOptions {
  readonly allNamespaces?: true;
  readonly artifact?: string;
  readonly output: 'text' | 'statement' | 'envelope' | 'bundle' | 'json' | 'yaml';
}

const TIMEOUT_MS = 120_000;

/** Makes `hallmark get REFERENCE`, which finds the records of a run or image and prints them or their evidence. */
export function getCommand(): Command {
  return new Command('get')
    .summary('find the record of a run or image, and print its evidence')
    .description(
      'Finds the records of a run or an image, and prints what they say, or the evidence in them.\n' +
        'Evidence is printed as it is, one artifact a line; "hallmark verify record" verifies it.\n' +
        'Exits with 1 if there is no such record or evidence, 2 if the command line is wrong, and 3 if the cluster or registry cannot be read.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  $ hallmark get taskrun/build-1 -n team-a\n' +
        '  $ hallmark get registry.example.com/team/app@sha256:… -A\n' +
        '  $ hallmark get registry.example.com/team/app:v1 -n team-a -o statement | jq .predicate\n' +
        '  $ hallmark get record/build-1-7f3a0c2x9b -n team-a -o bundle > bundle.json',
    )
    .argument('<reference>', 'taskrun/NAME, pipelinerun/NAME, record/NAME, NAME, IMAGE:TAG, IMAGE@DIGEST or DIGEST')
    .option('-n, --namespace <name>', 'namespace of the records (default: that of the kubeconfig context)')
    .option('-A, --all-namespaces', 'search every namespace')
    .option('--context <name>', 'kubeconfig context')
    .option('--operator-namespace <name>', 'namespace of the operator', 'hallmark-system')
    .addOption(
      new Option('-o, --output <format>', 'output format')
        .choices(['text', 'statement', 'envelope', 'bundle', 'json', 'yaml'])
        .default('text'),
    )
    .option('--artifact <name>', 'print only this artifact of the evidence')
    .option('--registry-ca <file>', "certificates (PEM) to trust for the registry instead of the system's")
    .option('--allow-insecure-registry', 'accept any certificate of the registry, and plain http')
    .exitOverride(usageExit)
    .action(get);
}

async function get(reference: string, options: GetOptions, command: Command): Promise<void> {
  const context = new CliContext(options);
  const signal = timeLimit(TIMEOUT_MS);
  try {
    const [{ getTarget }, { findRecords }] = await Promise.all([
      import('./get-target.ts'),
      import('./find-records.ts'),
    ]);
    const given = getTarget(reference);
    if (options.artifact !== undefined && !isEvidence(options.output))
      throw new UsageError('--artifact needs -o statement, envelope or bundle');
    const { client } = await context.cluster();
    const target = given.type === 'Tag' ? await resolved(given.reference, options, context, signal) : given;
    const namespace = options.allNamespaces === true ? undefined : await context.namespace();
    const found = await findRecords(client, target, { namespace, signal });
    if (found.length === 0) throw new Error(nothingFound(target, namespace));
    command.configureOutput().writeOut?.(`${await text(found, options, (record) => whole(record, context, signal))}\n`);
  } finally {
    await context.close();
  }
}

async function text(
  found: readonly FoundRecord[],
  { output, artifact }: GetOptions,
  completed: (record: ProvenanceRecord) => Promise<ProvenanceRecord>,
): Promise<string> {
  if (!isEvidence(output)) {
    if (output !== 'text')
      return (await import('./object-text.ts')).objectsText(
        found.map(({ object }) => object),
        output,
      );
    return (await import('./record-text.ts')).recordsText(found.map(({ record }) => record));
  }
  const [only] = found;
  if (only === undefined || found.length > 1) {
    const names = found.map(({ record: { metadata } }) => `record/${metadata.name} -n ${metadata.namespace}`);
    throw new UsageError(`several records match; name one of them:\n  ${names.join('\n  ')}`);
  }
  return (await import('./record-evidence-text.ts')).recordEvidenceText(await completed(only.record), output, artifact);
}

/** A record with the payloads that it dropped. */
async function whole(record: ProvenanceRecord, context: CliContext, signal: AbortSignal): Promise<ProvenanceRecord> {
  const { droppedPayload } = await import('../../records/dropped-payloads.ts');
  if (droppedPayload(record) === undefined) return record;
  return (await import('../dropped-payloads.ts')).withFetchedPayloads(record, context, signal);
}

function isEvidence(output: GetOptions['output']): output is 'statement' | 'envelope' | 'bundle' {
  return output === 'statement' || output === 'envelope' || output === 'bundle';
}

async function resolved(
  reference: string,
  options: GetOptions,
  context: CliContext,
  signal: AbortSignal,
): Promise<Extract<GetTarget, { readonly type: 'Digest' }>> {
  const { imageDigest } = await import('../registry/image-digest.ts');
  const digest = await imageDigest(reference, options, await context.egress(), signal);
  return { type: 'Digest', hex: digest.slice('sha256:'.length) };
}

/** Says where to look next, because the absence of a record has several causes. */
function nothingFound(target: Exclude<GetTarget, { readonly type: 'Tag' }>, namespace: string | undefined): string {
  const where = namespace === undefined ? 'in any namespace' : `in namespace ${namespace}`;
  const elsewhere = namespace === undefined ? '' : ', or search every namespace with -A';
  if (target.type === 'Digest') {
    return `no record ${where} is about sha256:${target.hex}: ask "hallmark explain" about the run that built it${elsewhere}; a record that was retired leaves its evidence to "hallmark verify image"`;
  }
  if (target.type === 'Record') return `there is no ProvenanceRecord ${target.name} ${where}`;
  const kind = target.type === 'Run' && target.kinds.length === 1 ? `${target.kinds[0] ?? ''} ` : '';
  const at = namespace === undefined ? '' : ` -n ${namespace}`;
  const run = `${kind === '' ? '' : `${kind.trim().toLowerCase()}/`}${target.name}`;
  return `no record ${where} is of ${kind}${target.name}: "hallmark explain ${run}${at}" says why${elsewhere}`;
}
