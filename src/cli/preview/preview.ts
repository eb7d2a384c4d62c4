// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError, Option } from 'commander';
import { buildTypes, formats } from '../../api/v1alpha1/signing-policy/policy-spec.ts';
import type { PayloadOptions } from '../../provenance/payload-options.ts';
import { readPolicyFile } from '../policy-file.ts';
import { optionsFromFlags, optionsFromPolicy } from './preview-options.ts';
import type { AttestationFlags } from './preview-options.ts';
import { outputFormats, previewOutput } from './preview-output.ts';
import type { OutputFormat } from './preview-output.ts';
import { previewRuns } from './preview-runs.ts';
import { readRunDocuments } from '../run-documents.ts';

interface PreviewOptions extends AttestationFlags {
  readonly filename: readonly string[];
  readonly policy?: string;
  readonly unfinished?: boolean;
  readonly output: OutputFormat;
}

/**
 * `hallmark preview`: prints the exact payloads that would be signed for runs in files, offline. Sets the exit code to 1 when a
 * run gives none; what is wrong with the command line, or a file that cannot be read, ends as a CommanderError with exit
 * code 2.
 */
export function previewCommand(): Command {
  return new Command('preview')
    .summary('print what would be signed, offline')
    .description(
      'Prints the exact payloads that would be signed for the runs in the given files, without a cluster or a key.\n' +
        'A TaskRun named in the childReferences of a given PipelineRun is its child only.\n' +
        'A run whose condition Succeeded says that it still runs is refused.\n' +
        'Exits with 1 when a run cannot be attested, after one line about it on standard error.',
    )
    .addOption(
      new Option('-f, --filename <file>', 'runs in YAML or JSON, or - for standard input; many times')
        .argParser((file: string, files: readonly string[]) => [...files, file])
        .default([]),
    )
    .addOption(
      new Option('--policy <file>', 'the policy whose settings are used; its selectors are ignored').conflicts([
        'format',
        'buildType',
        'builderId',
        'deepInspection',
      ]),
    )
    .addOption(new Option('--format <format>', 'format of the attestation').choices([...formats]))
    .addOption(new Option('--build-type <uri>', 'build type of the SLSA 1.0 formats').choices([...buildTypes]))
    .option('--builder-id <uri>', 'id of the builder')
    .option('--deep-inspection', "look for a PipelineRun's subjects and materials in its TaskRuns too")
    .option('--unfinished', 'print runs that have not finished, too, each with a warning')
    .addOption(new Option('-o, --output <format>', 'what to print').choices([...outputFormats]).default('json'))
    .allowExcessArguments(false)
    .exitOverride(usageError)
    .action(preview);
}

/** Help ends well; every other complaint of the parser is about the command line. */
function usageError({ exitCode, code, message }: CommanderError): never {
  throw new CommanderError(exitCode === 0 ? 0 : 2, code, message);
}

async function preview(options: PreviewOptions, command: Command): Promise<void> {
  const { filename, output, unfinished } = options;
  if (filename.length === 0) {
    command.error("error: required option '-f, --filename <file>' not specified", { exitCode: 2 });
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
  command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: 2 });
}
