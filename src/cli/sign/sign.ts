// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import type { RunSigner } from '../../signing/run-signer.ts';
import { unreadableFile } from '../file-error.ts';
import { keyPassword } from '../keygen/key-password.ts';
import { optionsFromPolicy } from '../preview/preview-options.ts';
import type { Preview } from '../preview/preview-runs.ts';
import type { PrintedPreview } from '../preview/print-previews.ts';
import { repeatableOption } from '../repeatable-option.ts';
import { refuse, usageExit } from '../usage-exit.ts';

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

async function sign(options: SignOptions, command: Command): Promise<void> {
  const { filename } = options;
  if (filename.length === 0) refuse(command, new Error("required option '-f, --filename <file>' not specified"));
  if (options.policy === STANDARD_INPUT && filename.includes(STANDARD_INPUT))
    refuse(command, new Error('standard input can hold the policy or the runs, not both: pass one of them as a file'));
  const { readPolicyFile } = await import('../policy-file.ts');
  const spec = await readPolicyFile(options.policy).catch((error: unknown) => refuse(command, error));
  const signer = await openKey(options).catch((error: unknown) => refuse(command, error));
  const [{ printPreviews }, { signRuns }, { listOutput }] = await Promise.all([
    import('../preview/print-previews.ts'),
    import('./sign-runs.ts'),
    import('../list-output.ts'),
  ]);
  const list = await listOutput(options.output);
  const add = async (preview: Preview): Promise<PrintedPreview> => {
    const { signed, failures } = await signRuns(preview, signer, spec);
    return { text: list.add(signed), failures };
  };
  const allowsUnfinished = options.unfinished === true;
  const settings = { ...optionsFromPolicy(spec), filename, allowsUnfinished, requiresOutcome: true };
  await printPreviews(settings, { add, end: list.end }, command);
}

async function openKey({
  key,
  passwordFile,
  passwordPrompt,
}: Omit<SignOptions, 'filename' | 'output' | 'unfinished'>): Promise<RunSigner> {
  const { openKeyFile } = await import('../../signing/key/load-key-signer.ts');
  const bytes = await readFile(key).catch(unreadableFile(key));
  return openKeyFile(key, bytes, () => keyPassword({ file: passwordFile, prompt: passwordPrompt }));
}
