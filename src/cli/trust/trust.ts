// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError, Option } from 'commander';
import { conformaTrust } from './conforma-trust.ts';
import { cosignTrust } from './cosign-trust.ts';
import { kyvernoTrust } from './kyverno-trust.ts';
import type { PolicyTrust } from './policy-trust.ts';
import { policyTrust } from './policy-trust.ts';
import { opaTrust } from './opa-trust.ts';
import { policyControllerTrust } from './policy-controller-trust.ts';
import { readPublishedPolicy } from './published-policy.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from '../cli-error.ts';

/** To add a verifier: a file beside this one and a line here. */
const verifiers = {
  cosign: cosignTrust,
  kyverno: kyvernoTrust,
  'policy-controller': policyControllerTrust,
  conforma: conformaTrust,
  opa: opaTrust,
} as const satisfies Record<string, (material: PolicyTrust) => string>;

type Verifier = keyof typeof verifiers;

interface TrustOptions extends ClusterOptions {
  readonly filename?: string;
  readonly output: Verifier;
}

const USAGE = 2;
const UNCHECKED = 3;
const TIMEOUT_MS = 120_000;

/** `hallmark trust POLICY -o VERIFIER`: what a verifier needs to accept the evidence of a policy. */
export function trustCommand(): Command {
  return new Command('trust')
    .summary('print what a verifier needs to accept the evidence of a policy')
    .description(
      'Prints what makes a verifier accept what a policy signs, from the keys and identities in its status.\n' +
        'POLICY is NAME, signingpolicy/NAME or clustersigningpolicy/NAME of the cluster; -f takes one with its status from a file.\n' +
        'Exits with 2 when the policy publishes nothing yet, 3 when it cannot be read.',
    )
    .argument('[policy]', 'NAME, signingpolicy/NAME or clustersigningpolicy/NAME')
    .option('-f, --filename <file>', 'the policy with its status in YAML or JSON, or - for standard input')
    .option('-n, --namespace <name>', "namespace of the policy (the context's when absent)")
    .option('--context <name>', 'context of the kubeconfig')
    .option('--operator-namespace <name>', "the operator's own namespace", 'hallmark-system')
    .addOption(new Option('-o, --output <verifier>', 'for whom').choices(Object.keys(verifiers)).makeOptionMandatory())
    .allowExcessArguments(false)
    .exitOverride(({ exitCode, code, message }) => {
      throw new CommanderError(exitCode === 0 ? 0 : USAGE, code, message);
    })
    .action(trust);
}

async function trust(name: string | undefined, options: TrustOptions, command: Command): Promise<void> {
  const source = options.filename ?? name;
  if (source === undefined || (options.filename !== undefined && name !== undefined)) {
    command.error('error: name a policy, or give it in a file with -f', { exitCode: USAGE });
  }
  const context = new CliContext(options);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const streams = command.configureOutput();
  try {
    const policy = await readPublishedPolicy(source, context, signal);
    streams.writeOut?.(verifiers[options.output](await policyTrust(policy, context, signal)));
  } catch (error) {
    if (error instanceof UsageError) command.error(`error: ${error.message}`, { exitCode: USAGE });
    if (!(error instanceof UncheckedError)) throw error;
    streams.writeErr?.(`error: ${error.message}\n`);
    process.exitCode = UNCHECKED;
  } finally {
    await context.close();
  }
}
