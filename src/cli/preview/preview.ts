// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import { buildTypes, formats } from '../../api/v1alpha1/signing-policy/policy-spec.ts';
import type { PayloadOptions } from '../../provenance/payload-options.ts';
import { readPolicyFile } from '../policy-file.ts';
import { optionsFromFlags, optionsFromPolicy } from './preview-options.ts';
import type { AttestationFlags } from './preview-options.ts';
import { outputFormats, previewOutput } from './preview-output.ts';
import type { OutputFormat } from './preview-output.ts';
import { previewRuns } from './preview-runs.ts';
import { readRunDocuments } from '../run-documents.ts';
import { repeatableOption } from '../repeatable-option.ts';
import { USAGE_ERROR, usageExit } from '../usage-exit.ts';

interface PreviewOptions extends AttestationFlags {
  readonly filename: readonly string[];
  readonly policy?: string;
  readonly unfinished?: boolean;
  readonly output: OutputFormat;
}

/**
 * Makes `hallmark preview`, which prints the exact payloads that would be signed for runs in files. Exits with 1 if a run has none, and
 * with 2 if the command line is wrong or a file cannot be read.
 */
export function previewCommand(): Command {
  return new Command('preview')
    .summary('print the payloads that would be signed, offline')
    .description(
      'Prints the exact payloads that would be signed for the runs in the given files, without a cluster or a key.\n' +
        'A TaskRun in the childReferences of a given PipelineRun counts as its child only.\n' +
        'Exits with 1 if a run cannot be attested, for example because it has not finished, and names it on standard error.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ kubectl get taskrun build-1 -o yaml | hallmark preview -f - --policy policy.yaml -o text',
    )
    .addOption(repeatableOption('-f, --filename <file>', 'runs in YAML or JSON, or - for standard input'))
    .addOption(
      new Option('--policy <file>', 'policy with the settings to use; its selectors are ignored').conflicts([
        'format',
        'buildType',
        'builderId',
        'deepInspection',
      ]),
    )
    .addOption(new Option('--format <format>', 'attestation format').choices([...formats]))
    .addOption(new Option('--build-type <uri>', 'build type of the SLSA 1.0 formats').choices([...buildTypes]))
    .option('--builder-id <uri>', 'builder id')
    .option('--deep-inspection', "include the subjects and materials of a PipelineRun's TaskRuns")
    .option('--unfinished', 'include runs that have not finished, with a warning')
    .addOption(new Option('-o, --output <format>', 'output format').choices([...outputFormats]).default('json'))
    .allowExcessArguments(false)
    .exitOverride(usageExit)
    .action(preview);
}

async function preview(options: PreviewOptions, command: Command): Promise<void> {
  const { filename, output, unfinished } = options;
  if (filename.length === 0) {
    command.error("error: required option '-f, --filename <file>' not specified", { exitCode: USAGE_ERROR });
  }
  const settings = await payloadOptions(options).catch((error: unknown) => refuse(command, error));
  const documents = await readRunDocuments(filename, process.stdin).catch((error: unknown) => refuse(command, error));
  const { artifacts, failures } = previewRuns(documents, { ...settings, allowsUnfinished: unfinished === true });
  const streams = command.configureOutput();
  streams.writeOut?.(previewOutput(artifacts, output));
  for (const failure of failures) streams.writeErr?.(`${failure}\n`);
  if (failures.length > 0) process.exitCode = 1;
}

async function payloadOptions({ policy, ...flags }: Omit<PreviewOptions, 'unfinished'>): Promise<PayloadOptions> {
  return policy === undefined ? optionsFromFlags(flags) : optionsFromPolicy(await readPolicyFile(policy));
}

function refuse(command: Command, error: unknown): never {
  command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: USAGE_ERROR });
}
