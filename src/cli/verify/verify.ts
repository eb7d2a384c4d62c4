// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { printable } from '../../runtime/printable.ts';
import { policyOfCluster, readPublishedPolicy } from '../trust/trust-policy.ts';
import type { PublishedPolicy } from '../trust/trust-policy.ts';
import { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from './verify-error.ts';
import type { EvidenceSet } from './verify-evidence.ts';
import { askedDigests, askedTypes, trustOf } from './verify-expectations.ts';
import { fileEvidence } from './verify-file.ts';
import { imageEvidence } from './verify-image.ts';
import type { ImageOptions } from './verify-image.ts';
import { judge } from './verify-judgement.ts';
import { addVerifyOptions } from './verify-options.ts';
import type { VerifyOptions } from './verify-options.ts';
import { recordEvidence, recordOfCluster, recordsOfFile } from './verify-record.ts';
import { failureJson, judgementJson, judgementText } from './verify-report.ts';
import { runEvidence, runOfCluster, runsOfFile } from './verify-run.ts';

const NOT_VERIFIED = 1;
const USAGE = 2;
const UNCHECKED = 3;
const TIMEOUT_MS = 120_000;

/** `hallmark verify record|image|run|file`. Exit codes: 0 verified, 1 not verified, 2 usage, 3 could not be checked. */
export function verifyCommand(): Command {
  return new Command('verify')
    .exitOverride(asUsage)
    .summary('verify evidence, failing closed')
    .description(
      'Verifies what was signed: the signature, who made it and when, what it states and about what.\n' +
        'Exits with 0 when it verifies, 1 when it does not, 2 for a wrong command line, 3 when it could not be checked.',
    )
    .addCommand(
      subcommand('record <name|file>', 'a ProvenanceRecord of the cluster, or in a file').action(verifyRecord),
    )
    .addCommand(
      subcommand('image <reference>', "an image's signatures, attestations and bundles in its registry")
        .option('--repository <name>', 'repository that holds the evidence, if not that of the image')
        .option('--registry-ca <file>', "certificates (PEM) to trust for the registry instead of the system's")
        .option('--allow-insecure-registry', 'take any certificate of the registry, and plain http')
        .action(verifyImage),
    )
    .addCommand(
      subcommand('run <taskrun/name|pipelinerun/name|file>', "Tekton Chains' annotations on a run").action(verifyRun),
    )
    .addCommand(
      subcommand('file <file>', 'Sigstore bundles or DSSE envelopes in a file')
        .option('--payload <file>', 'what is signed, for a bundle that does not hold it')
        .action(verifyFile),
    );
}

function subcommand(nameAndArguments: string, description: string): Command {
  return addVerifyOptions(new Command(nameAndArguments.split(' ')[0]).description(description))
    .arguments(nameAndArguments.slice(nameAndArguments.indexOf(' ') + 1))
    .exitOverride(asUsage);
}

/** 1 is for what does not verify alone. */
function asUsage({ exitCode, code, message }: CommanderError): never {
  throw new CommanderError(exitCode === 0 ? 0 : USAGE, code, message);
}

interface Found extends EvidenceSet {
  /** The image that was looked at, by its digest. */
  readonly image?: string;
  readonly policy?: PublishedPolicy | undefined;
}

function verifyRecord(nameOrFile: string, options: VerifyOptions, command: Command): Promise<void> {
  return verify(options, command, async (surroundings, signal) => {
    if (isFile(nameOrFile)) {
      return { items: (await recordsOfFile(nameOrFile)).flatMap(recordEvidence), rule: 'All' };
    }
    const record = await recordOfCluster(nameOrFile, surroundings, signal);
    const { kind, name } = record.spec.policyRef;
    const policy = isTrustGiven(options) ? undefined : await policyOfCluster(kind, name, surroundings, signal);
    return { items: recordEvidence(record), rule: 'All', policy };
  });
}

function verifyImage(reference: string, options: VerifyOptions & ImageOptions, command: Command): Promise<void> {
  return verify(options, command, async ({ egress }, signal) => {
    return { ...(await imageEvidence(reference, options, egress, signal)), rule: 'Any' };
  });
}

function verifyRun(nameOrFile: string, options: VerifyOptions, command: Command): Promise<void> {
  return verify(options, command, async (surroundings, signal) => {
    const runs = isFile(nameOrFile)
      ? await runsOfFile(nameOrFile)
      : [await runOfCluster(nameOrFile, surroundings, signal)];
    const isAsked = options.digest.length + options.image.length > 0;
    return { items: runs.flatMap((run) => runEvidence(run, isAsked)), rule: 'Any' };
  });
}

function verifyFile(path: string, options: VerifyOptions & { payload?: string }, command: Command): Promise<void> {
  return verify(options, command, async () => {
    if (options.digest.length + options.image.length === 0) {
      throw new UsageError('say what the file must be about: --digest or --image');
    }
    return { items: await fileEvidence(path, options.payload), rule: 'All' };
  });
}

type Find = (surroundings: CliContext, signal: AbortSignal) => Promise<Found>;

async function verify(options: VerifyOptions, command: Command, find: Find): Promise<void> {
  const surroundings = new CliContext(options);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const streams = command.configureOutput();
  try {
    const types = askedTypes(options.type);
    const asked = askedDigests(options);
    const given =
      options.policy === undefined ? undefined : await readPublishedPolicy(options.policy, surroundings, signal);
    const found = await find(surroundings, signal);
    const trust = await trustOf(options, given ?? found.policy, surroundings, signal);
    const judgement = judge(found, { trust, types, subjects: asked });
    const print = options.output === 'json' ? judgementJson : judgementText;
    streams.writeOut?.(`${print(judgement, found.image)}\n`);
    if (!judgement.verified) process.exitCode = NOT_VERIFIED;
  } catch (error) {
    const said = printable(error instanceof Error ? error.message : 'unknown failure');
    if (options.output === 'json') streams.writeOut?.(`${failureJson(said)}\n`);
    if (error instanceof UsageError) command.error(`error: ${said}`, { exitCode: USAGE });
    streams.writeErr?.(`could not be checked: ${said}\n`);
    if (!(error instanceof UncheckedError) && !signal.aborted) throw new CommanderError(UNCHECKED, 'unchecked', said);
    process.exitCode = UNCHECKED;
  } finally {
    await surroundings.close();
  }
}

function isTrustGiven({ key, kms, certificateIdentity, policy }: VerifyOptions): boolean {
  return key.length + kms.length > 0 || certificateIdentity !== undefined || policy !== undefined;
}

function isFile(text: string): boolean {
  return text === '-' || /\.(ya?ml|json)$/.test(text) || existsSync(text);
}
