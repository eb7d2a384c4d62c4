// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { openKeyFile } from '../../signing/key/load-key-signer.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import { keyPassword } from '../keygen/key-password.ts';
import { readPolicyFile } from '../policy-file.ts';
import { optionsFromPolicy } from '../preview/preview-options.ts';
import { previewRuns } from '../preview/preview-runs.ts';
import { readRunDocuments } from '../run-documents.ts';
import { signRuns } from './sign-runs.ts';
import { repeatableOption } from '../repeatable-option.ts';
import { USAGE_ERROR, usageExit } from '../usage-exit.ts';

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
 * Makes `hallmark sign`, which signs the payloads of `preview` and prints them as Sigstore bundles. Exits with 1 if a run is not signed,
 * and with 2 if the command line, a file or the key is wrong.
 */
export function signCommand(): Command {
  return new Command('sign')
    .summary('sign runs in files, offline')
    .description(
      'Signs the payloads that preview prints for the runs in the given files, and prints them as Sigstore bundles.\n' +
        'The policy sets the format and the allowed repositories; its selectors, mode and signer are ignored.\n' +
        'The command uses no network: bundles hold neither log entries nor timestamps, and the images of an index are not signed one by one.\n' +
        'Exits with 1 if a run is not signed, for example because it has not finished, and names it on standard error.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ hallmark sign -f runs.yaml --policy policy.yaml --key cosign.key > bundles.json',
    )
    .addOption(repeatableOption('-f, --filename <file>', 'runs in YAML or JSON, or - for standard input'))
    .requiredOption('--policy <file>', 'policy with the settings to use')
    .requiredOption('--key <file>', 'private key: PKCS#8 in PEM, or a cosign.key')
    .addOption(
      new Option('--password-file <file>', 'file with the password of a cosign.key').conflicts('passwordPrompt'),
    )
    .option('--password-prompt', 'ask for the password of a cosign.key (default: $COSIGN_PASSWORD)')
    .option('--unfinished', 'include runs that have not finished, with a warning')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json', 'yaml']).default('json'))
    .allowExcessArguments(false)
    .exitOverride(usageExit)
    .action(sign);
}

async function sign({ filename, output, unfinished, ...options }: SignOptions, command: Command): Promise<void> {
  if (filename.length === 0) refuse(command, new Error("required option '-f, --filename <file>' not specified"));
  if (options.policy === STANDARD_INPUT && filename.includes(STANDARD_INPUT))
    refuse(command, new Error('standard input can hold the policy or the runs, not both: pass one of them as a file'));
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
  command.error(`error: ${error instanceof Error ? error.message : String(error)}`, { exitCode: USAGE_ERROR });
}
