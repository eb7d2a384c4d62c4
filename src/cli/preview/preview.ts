// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import { buildTypes, formats } from '../../api/v1alpha1/signing-policy/format-names.ts';
import type { PayloadOptions } from '../../provenance/payload-options.ts';
import { optionsFromFlags, optionsFromPolicy, outputFormats } from './preview-options.ts';
import type { AttestationFlags, OutputFormat } from './preview-options.ts';
import { repeatableOption } from '../repeatable-option.ts';
import { refuse, USAGE_ERROR, usageExit } from '../usage-exit.ts';

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
  if (options.filename.length === 0) {
    command.error("error: required option '-f, --filename <file>' not specified", { exitCode: USAGE_ERROR });
  }
  const settings = await payloadOptions(options).catch((error: unknown) => refuse(command, error));
  const [{ printPreviews }, { previewOutput }] = await Promise.all([
    import('./print-previews.ts'),
    import('./preview-output.ts'),
  ]);
  const { add, end } = await previewOutput(options.output);
  await printPreviews(
    { ...settings, filename: options.filename, allowsUnfinished: options.unfinished === true },
    { add: ({ artifacts, failures }) => ({ text: add(artifacts), failures }), end },
    command,
  );
}

async function payloadOptions({ policy, ...flags }: Omit<PreviewOptions, 'unfinished'>): Promise<PayloadOptions> {
  if (policy === undefined) return optionsFromFlags(flags);
  const { readPolicyFile } = await import('../policy-file.ts');
  return optionsFromPolicy(await readPolicyFile(policy));
}
