// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { keyPassword } from './key-password.ts';
import type { Algorithm, KeyFormat } from './key-algorithms.ts';
import { algorithms, defaultFormat, keyFormats } from './key-algorithms.ts';
import type { NewKey } from './keygen-pair.ts';
import type { NewFile } from '../new-file.ts';
import { refuseExisting, refuseSame, writeNewFiles } from '../new-file.ts';
import { namespaceName, objectName } from '../name-arguments.ts';
import { refuse, usageExit } from '../usage-exit.ts';

interface KeygenOptions {
  readonly name: string;
  readonly namespace?: string;
  readonly algorithm: Algorithm;
  readonly format?: KeyFormat;
  readonly output: string;
  readonly publicKey?: string;
  readonly privateKey?: string;
  readonly passwordFile?: string;
  readonly passwordPrompt?: boolean;
  readonly force?: boolean;
}

const STANDARD_OUTPUT = '-';
const GENERATED_BYTES = 32;

/**
 * Makes `hallmark keygen`, which generates a signing key and prints the Secret that a policy's `signer.key.secretRef` names. It uses no
 * cluster. On any failure it exits with 2 and writes nothing.
 */
export function keygenCommand(): Command {
  return new Command('keygen')
    .summary('generate a signing key and its Secret')
    .description(
      'Generates a signing key, offline, and prints the manifest of its Secret.\n' +
        'A cosign key is encrypted with the password of --password-file, --password-prompt or $COSIGN_PASSWORD, or with a random one. ' +
        'The Secret holds both key and password.\n' +
        'Existing files are never overwritten without --force.',
    )
    .addHelpText('after', '\nExample:\n  $ hallmark keygen -n team-a | kubectl apply -f -')
    .addOption(new Option('--name <name>', 'name of the Secret').default('signing-secrets').argParser(objectName))
    .addOption(
      new Option('-n, --namespace <namespace>', 'namespace of the Secret (default: none)').argParser(namespaceName),
    )
    .addOption(new Option('--algorithm <algorithm>', 'key algorithm').choices([...algorithms]).default('p256'))
    .addOption(
      new Option(
        '--format <format>',
        'cosign (encrypted; default for p256 and rsa) or x509 (PKCS#8; default for the others, so that cosign verifies them)',
      ).choices([...keyFormats]),
    )
    .option('-o, --output <file>', 'file for the manifest, or - for standard output', STANDARD_OUTPUT)
    .addOption(new Option('--public-key <file>', 'also write the public key to this file').argParser(realFile))
    .addOption(new Option('--private-key <file>', 'also write the private key to this file').argParser(realFile))
    .addOption(
      new Option('--password-file <file>', 'file with the password of a cosign key').conflicts('passwordPrompt'),
    )
    .option('--password-prompt', 'ask for the password of a cosign key')
    .option('--force', 'overwrite existing files')
    .allowExcessArguments(false)
    .exitOverride(usageExit)
    .action(keygen);
}

async function keygen(options: KeygenOptions, command: Command): Promise<void> {
  try {
    const { algorithm, format = defaultFormat(algorithm), force = false } = options;
    const targets = [options.output, options.publicKey, options.privateKey].filter(isFile);
    refuseSame(targets);
    if (!force) await refuseExisting(targets);
    const [{ newKey }, { secretManifest }] = await Promise.all([
      import('./keygen-pair.ts'),
      import('./secret-manifest.ts'),
    ]);
    const key = await newKey(algorithm, format, await password(options, format));
    const manifest = secretManifest(options, key);
    await writeNewFiles(files(options, key, manifest), { force });
    const streams = command.configureOutput();
    if (options.output === STANDARD_OUTPUT) streams.writeOut?.(manifest);
    streams.writeErr?.(
      `key ${key.keyID}: name Secret ${options.name} in spec.signer.key.secretRef; keep it out of git\n`,
    );
  } catch (error) {
    refuse(command, error);
  }
}

async function password({ passwordFile, passwordPrompt }: KeygenOptions, format: KeyFormat): Promise<Buffer> {
  if (format === 'x509') {
    if (passwordFile === undefined && passwordPrompt === undefined) return Buffer.alloc(0);
    throw new Error('an x509 key is not encrypted and takes no password: use --format cosign');
  }
  const given = await keyPassword({ file: passwordFile, prompt: passwordPrompt, confirm: true });
  return given ?? Buffer.from(randomBytes(GENERATED_BYTES).toString('base64url'));
}

function files({ output, publicKey, privateKey }: KeygenOptions, key: NewKey, manifest: string): readonly NewFile[] {
  return [
    ...(output === STANDARD_OUTPUT ? [] : [{ path: output, text: manifest, isSecret: true }]),
    ...(privateKey === undefined ? [] : [{ path: privateKey, text: key.privateEntry.text, isSecret: true }]),
    ...(publicKey === undefined ? [] : [{ path: publicKey, text: key.publicEntry.text, isSecret: false }]),
  ];
}

function isFile(path: string | undefined): path is string {
  return path !== undefined && path !== STANDARD_OUTPUT;
}

function realFile(value: string): string {
  if (value !== STANDARD_OUTPUT) return value;
  throw new InvalidArgumentError('It must be a file, because standard output holds the manifest.');
}
