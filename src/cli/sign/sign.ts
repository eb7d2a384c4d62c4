// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { Command, CommanderError, Option } from 'commander';
import { stringify } from 'yaml';
import { openKeyFile } from '../../signing/key/open-key-file.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import { keyPassword } from '../keygen/key-password.ts';
import { readPolicyFile } from '../policy-file.ts';
import { optionsFromPolicy } from '../preview/preview-options.ts';
import { previewRuns } from '../preview/preview-runs.ts';
import { readRunDocuments } from '../run-documents.ts';
import { signRuns } from './sign-runs.ts';

interface SignOptions {
  readonly filename: readonly string[];
  readonly policy: string;
  readonly key: string;
  readonly passwordFile?: string;
  readonly passwordPrompt?: boolean;
  readonly unfinished?: boolean;
  readonly output: 'json' | 'yaml';
}

const STANDARD_INPUT = '-';

/**
 * `hallmark sign`: what `preview` prints, signed, as Sigstore bundles, offline. Sets the exit code to 1 when a run is not signed;
 * what is wrong with the command line, a file or the key ends as a CommanderError with exit code 2.
 */
export function signCommand(): Command {
  return new Command('sign')
    .summary('sign runs in files, offline')
    .description(
      'Signs the payloads that preview prints for the runs in the given files, and prints a Sigstore bundle of each.\n' +
        'A run that has not finished is refused.\n' +
        'The policy sets what is stated and which repositories may be; its selectors, mode and signer are ignored. No network is\n' +
        'used: the bundles hold neither log entries nor timestamps, and the images of an index are not signed one by one.\n' +
        'Exits with 1 when a run is not signed, after one line about it on standard error.',
    )
    .addOption(
      new Option('-f, --filename <file>', 'runs in YAML or JSON, or - for standard input; many times')
        .argParser((file: string, files: readonly string[]) => [...files, file])
        .default([]),
    )
    .requiredOption('--policy <file>', 'the policy whose settings are used')
    .requiredOption('--key <file>', 'private key: PKCS#8 in PEM, or a cosign.key')
    .addOption(new Option('--password-file <file>', 'the password of a cosign.key').conflicts('passwordPrompt'))
    .option('--password-prompt', 'ask for the password of a cosign.key; $COSIGN_PASSWORD is taken otherwise')
    .option('--unfinished', 'sign runs that have not finished, too, each with a warning')
    .addOption(new Option('-o, --output <format>', 'what to print').choices(['json', 'yaml']).default('json'))
    .allowExcessArguments(false)
    .exitOverride(usageError)
    .action(sign);
}

async function sign({ filename, output, unfinished, ...options }: SignOptions, command: Command): Promise<void> {
  if (filename.length === 0) refuse(command, new Error("required option '-f, --filename <file>' not specified"));
  if (options.policy === STANDARD_INPUT && filename.includes(STANDARD_INPUT))
    refuse(command, new Error('standard input is the policy or the runs and not both: give one of them as a file'));
  const spec = await readPolicyFile(options.policy).catch((error: unknown) => refuse(command, error));
  const signer = await openKey(options).catch((error: unknown) => refuse(command, error));
  const documents = await readRunDocuments(filename, process.stdin).catch((error: unknown) => refuse(command, error));
  const preview = previewRuns(documents, {
    ...optionsFromPolicy(spec),
    allowsUnfinished: unfinished === true,
    requiresOutcome: true,
  });
  const { signed, failures } = await signRuns(preview, signer, spec.subjects);
  const streams = command.configureOutput();
  streams.writeOut?.(
    output === 'json' ? `${JSON.stringify(signed, undefined, 2)}\n` : stringify(signed, { lineWidth: 0 }),
  );
  for (const failure of failures) streams.writeErr?.(`${failure}\n`);
  if (failures.length > 0) process.exitCode = 1;
}

async function openKey({
  key,
  passwordFile,
  passwordPrompt,
}: Omit<SignOptions, 'filename' | 'output' | 'unfinished'>): Promise<RunSigner> {
  return openKeyFile(key, await readFile(key), () => keyPassword({ file: passwordFile, prompt: passwordPrompt }));
}

function refuse(command: Command, error: unknown): never {
  command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: 2 });
}

/** Help ends well; every other complaint of the parser is about the command line. */
function usageError({ exitCode, code, message }: CommanderError): never {
  throw new CommanderError(exitCode === 0 ? 0 : 2, code, message);
}
