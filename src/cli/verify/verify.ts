// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from 'commander';
import { printable } from '../../runtime/printable.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';
import { CliContext } from '../cli-context.ts';
import { isFileArgument } from '../file-argument.ts';
import type { PublishedPolicy } from '../trust/published-policy.ts';
import { timeLimit } from '../time-limit.ts';
import { UNCHECKED, USAGE_ERROR, usageExit } from '../usage-exit.ts';
import type { EvidenceSet } from './evidence.ts';
import type { ImageOptions } from './image-evidence.ts';
import { failureJson, judgementJson, judgementText } from './judgement-report.ts';
import { addVerifyOptions } from './verify-options.ts';
import type { VerifyOptions } from './verify-options.ts';

const NOT_VERIFIED = 1;
const TIMEOUT_MS = 120_000;

/** Makes `hallmark verify record|image|run|file`. Exit codes: 0 verified, 1 not verified, 2 usage or files, 3 could not be checked. */
export function verifyCommand(): Command {
  return new Command('verify')
    .exitOverride(usageExit)
    .summary('verify signatures and attestations')
    .description(
      'Verifies signatures, attestations and bundles: who signed them, when, and what they state about which subjects.\n' +
        'Exits with 0 if the evidence verifies, 1 if it does not, 2 if the command line or a file is wrong, and 3 if the check could not run.',
    )
    .addHelpText('after', '\nExample:\n  $ hallmark verify image registry.example.com/team/app:v1 --key cosign.pub')
    .addCommand(
      subcommand('record <name|file>', 'Verify a ProvenanceRecord of the cluster, or those in a file.')
        .addHelpText('after', '\nExample:\n  $ hallmark verify record build-1-7f3a -n team-a')
        .action(verifyRecord),
    )
    .addCommand(
      subcommand('image <reference>', 'Verify the signatures, attestations and bundles of an image in its registry.')
        .option('--repository <name>', 'repository that holds the evidence, if not that of the image')
        .option('--registry-ca <file>', "certificates (PEM) to trust for the registry instead of the system's")
        .option('--allow-insecure-registry', 'accept any certificate of the registry, and plain http')
        .addHelpText(
          'after',
          '\nExample:\n  $ hallmark verify image registry.example.com/team/app:v1 --policy signingpolicy/release -n team-a',
        )
        .action(verifyImage),
    )
    .addCommand(
      subcommand('run <taskrun/name|pipelinerun/name|file>', "Verify Tekton Chains' annotations on a run.")
        .addHelpText('after', '\nExample:\n  $ hallmark verify run taskrun/build-1 -n team-a --key cosign.pub')
        .action(verifyRun),
    )
    .addCommand(
      subcommand('file <file>', 'Verify Sigstore bundles or DSSE envelopes in a file.')
        .option('--payload <file>', 'signed payload, for a bundle that does not hold it')
        .addHelpText(
          'after',
          '\nExample:\n  $ hallmark verify file bundle.json --key cosign.pub --image registry.example.com/team/app@sha256:…',
        )
        .action(verifyFile),
    );
}

function subcommand(nameAndArguments: string, description: string): Command {
  return addVerifyOptions(new Command(nameAndArguments.split(' ')[0]).description(description))
    .arguments(nameAndArguments.slice(nameAndArguments.indexOf(' ') + 1))
    .exitOverride(usageExit);
}

function verifyRecord(nameOrFile: string, options: VerifyOptions, command: Command): Promise<void> {
  return verify(options, command, async (context, signal) => {
    const { recordEvidence, recordInCluster, recordsInFile } = await import('./record-evidence.ts');
    if (isFileArgument(nameOrFile)) {
      return { items: (await recordsInFile(nameOrFile)).flatMap(recordEvidence), rule: 'All' };
    }
    const record = await recordInCluster(nameOrFile, context, signal);
    const { kind, name } = record.spec.policyRef;
    if (isTrustGiven(options)) return { items: recordEvidence(record), rule: 'All' };
    const { policyInCluster } = await import('../trust/published-policy.ts');
    const policy = await policyInCluster(kind, name, context, signal);
    return { items: recordEvidence(record), rule: 'All', policy };
  });
}

function verifyImage(reference: string, options: VerifyOptions & ImageOptions, command: Command): Promise<void> {
  return verify(options, command, async (context, signal) => {
    const { imageEvidence } = await import('./image-evidence.ts');
    return imageEvidence(reference, options, await context.egress(), signal);
  });
}

function verifyRun(nameOrFile: string, options: VerifyOptions, command: Command): Promise<void> {
  return verify(options, command, async (context, signal) => {
    const { runEvidence, runInCluster, runsInFile } = await import('./run-evidence.ts');
    const runs = isFileArgument(nameOrFile)
      ? await runsInFile(nameOrFile)
      : [await runInCluster(nameOrFile, context, signal)];
    const hasRequiredSubjects = options.digest.length + options.image.length > 0;
    return { items: runs.flatMap((run) => runEvidence(run, hasRequiredSubjects)), rule: 'Any' };
  });
}

function verifyFile(path: string, options: VerifyOptions & { payload?: string }, command: Command): Promise<void> {
  return verify(options, command, async () => {
    if (options.digest.length + options.image.length === 0) {
      throw new UsageError('no expected subject: pass --digest or --image');
    }
    const { fileEvidence } = await import('./file-evidence.ts');
    return { items: await fileEvidence(path, options.payload), rule: 'All' };
  });
}

type Gather = (context: CliContext, signal: AbortSignal) => Promise<EvidenceSet>;

async function verify(options: VerifyOptions, command: Command, gather: Gather): Promise<void> {
  const context = new CliContext(options);
  const signal = timeLimit(TIMEOUT_MS);
  const streams = command.configureOutput();
  try {
    const [{ requirements }, { verificationTrust }, { judge }] = await Promise.all([
      import('./requirements.ts'),
      import('./verification-trust.ts'),
      import('./judgement.ts'),
    ]);
    const required = requirements(options);
    const policy = await givenPolicy(options, context, signal);
    // Only a record names its policy; the others fail here, before they use the network.
    const given =
      isTrustGiven(options) || command.name() !== 'record'
        ? await verificationTrust(options, policy, context, signal)
        : undefined;
    const evidence = await gather(context, signal);
    const trust = given ?? (await verificationTrust(options, evidence.policy, context, signal));
    const judgement = judge(evidence, { trust, ...required });
    const print = options.output === 'json' ? judgementJson : judgementText;
    streams.writeOut?.(`${print(judgement, evidence.image)}\n`);
    if (!judgement.verified) process.exitCode = NOT_VERIFIED;
  } catch (error) {
    const message = printable(error instanceof Error ? error.message : 'unknown failure');
    if (options.output === 'json') streams.writeOut?.(`${failureJson(message)}\n`);
    if (error instanceof UsageError) command.error(`error: ${message}`, { exitCode: USAGE_ERROR });
    streams.writeErr?.(`error: could not be checked: ${message}\n`);
    if (!(error instanceof UncheckedError) && !signal.aborted)
      throw new CommanderError(UNCHECKED, 'unchecked', message);
    process.exitCode = UNCHECKED;
  } finally {
    await context.close();
  }
}

async function givenPolicy(
  { policy }: VerifyOptions,
  context: CliContext,
  signal: AbortSignal,
): Promise<PublishedPolicy | undefined> {
  if (policy === undefined) return undefined;
  const { readPublishedPolicy } = await import('../trust/published-policy.ts');
  return readPublishedPolicy(policy, context, signal);
}

function isTrustGiven({ key, kms, certificateIdentity, policy }: VerifyOptions): boolean {
  return key.length + kms.length > 0 || certificateIdentity !== undefined || policy !== undefined;
}
