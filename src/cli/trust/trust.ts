// SPDX-License-Identifier: Apache-2.0
import { Command, Option } from 'commander';
import type { AdmissionOptions, PolicyTrust, VerifierConfiguration } from './policy-trust.ts';
import type { ClusterOptions } from '../cli-context.ts';
import { CliContext } from '../cli-context.ts';
import { windowNotices } from './key-windows.ts';
import { timeLimit } from '../time-limit.ts';
import { USAGE_ERROR, usageExit } from '../usage-exit.ts';

/** To add a verifier, add a file to this folder and a line here. */
const verifiers = {
  cosign: async () => (await import('./cosign-trust.ts')).cosignTrust,
  kyverno: async () => (await import('./kyverno-trust.ts')).kyvernoTrust,
  'policy-controller': async () => (await import('./policy-controller-trust.ts')).policyControllerTrust,
  conforma: async () => (await import('./conforma-trust.ts')).conformaTrust,
  opa: async () => (await import('./opa-trust.ts')).opaTrust,
} as const satisfies Record<
  string,
  () => Promise<(material: PolicyTrust, options: AdmissionOptions) => VerifierConfiguration>
>;

/** The verifiers that decide about pods. */
const admissionControllers: ReadonlySet<Verifier> = new Set(['kyverno', 'policy-controller']);

/** The verifiers that look for evidence with the image. */
const registryReaders: ReadonlySet<Verifier> = new Set(['cosign', ...admissionControllers]);

type Verifier = keyof typeof verifiers;

interface TrustOptions extends ClusterOptions {
  readonly filename?: string;
  readonly output: Verifier;
  readonly images?: readonly string[];
  readonly enforce?: boolean;
}

const TIMEOUT_MS = 120_000;

/** Makes `hallmark trust POLICY -o VERIFIER`, which prints what a verifier needs to accept a policy's evidence. */
export function trustCommand(): Command {
  return new Command('trust')
    .summary('configure another verifier to accept the evidence of a policy')
    .description(
      "Prints what a verifier needs to accept a policy's evidence, from the keys and identities in the policy's status.\n" +
        'Name a policy of the cluster as POLICY, or pass a file that holds the policy with its status.\n' +
        "For an admission controller, it judges only images of the policy's repositories, and only warns unless --enforce is given.\n" +
        'Only what the backends of the policy keep is checked. What is not checked is printed on standard error.\n' +
        'Exits with 2 if the policy publishes no signer yet, or if an admission controller would judge the images of everybody,\n' +
        'and with 3 if the policy cannot be read, or was changed and the operator has not taken that up yet.',
    )
    .addHelpText('after', '\nExample:\n  $ hallmark trust release -n team-a -o kyverno | kubectl apply -f -')
    .argument('[policy]', 'NAME, signingpolicy/NAME or clustersigningpolicy/NAME')
    .option('-f, --filename <file>', 'policy with its status in YAML or JSON, or - for standard input')
    .option('-n, --namespace <name>', 'namespace of the policy (default: that of the kubeconfig context)')
    .option('--context <name>', 'kubeconfig context')
    .option('--operator-namespace <name>', 'namespace of the operator', 'hallmark-system')
    .addOption(
      new Option('-o, --output <verifier>', 'verifier to configure')
        .choices(Object.keys(verifiers))
        .makeOptionMandatory(),
    )
    .option(
      '--images <repository...>',
      'for kyverno and policy-controller: judge only images of these repositories (with globs); by default those of spec.subjects.allowedRepositories',
    )
    .option('--enforce', 'for kyverno and policy-controller: refuse pods, instead of warning')
    .allowExcessArguments(false)
    .exitOverride(usageExit)
    .action(trust);
}

async function trust(name: string | undefined, options: TrustOptions, command: Command): Promise<void> {
  const source = sourceOf(name, options, command);
  const { output, images = [], enforce: isEnforced = false } = options;
  if (!admissionControllers.has(output) && (isEnforced || images.length > 0)) {
    command.error(`error: --images and --enforce are for admission controllers; ${output} judges what it is handed`, {
      exitCode: USAGE_ERROR,
    });
  }
  const context = new CliContext(options);
  const signal = timeLimit(TIMEOUT_MS);
  const streams = command.configureOutput();
  try {
    const [
      { policyInFile, readPublishedPolicy },
      { requireNamespace, requireTakenUp },
      { policyTrust },
      { policyBackends },
      { keptWithImages },
      configuration,
    ] = await Promise.all([
      import('./published-policy.ts'),
      import('./require-published.ts'),
      import('./policy-trust.ts'),
      import('./policy-backends.ts'),
      import('./kept-with-images.ts'),
      verifiers[output](),
    ]);
    const policy =
      options.filename === undefined
        ? await readPublishedPolicy(source, context, signal)
        : await policyInFile(source, context);
    requireTakenUp(policy);
    requireNamespace(policy, options.namespace);
    const material = await policyTrust(policy, context, signal);
    const kept = registryReaders.has(output)
      ? keptWithImages(material, policy, await policyBackends(policy, context, signal))
      : { material, notices: [] };
    const printed = configuration(kept.material, { images, isEnforced });
    streams.writeOut?.(printed.text);
    const notices = [...kept.notices, ...noticesOf({ keys: material.keys, ...printed }, output)];
    for (const notice of notices) streams.writeErr?.(`warning: ${notice}\n`);
  } finally {
    await context.close();
  }
}

/** The notices that follow a configuration. */
function noticesOf(
  { keys, notices = [] }: Pick<PolicyTrust, 'keys'> & Pick<VerifierConfiguration, 'notices'>,
  output: Verifier,
): readonly string[] {
  return output === 'opa' ? notices : [...notices, ...windowNotices({ keys })];
}

/** The name or the file of the policy. */
function sourceOf(name: string | undefined, { filename }: TrustOptions, command: Command): string {
  const source = filename ?? name;
  if (source !== undefined && (filename === undefined || name === undefined)) return source;
  return command.error('error: name a policy, or pass a file with -f, but not both', { exitCode: USAGE_ERROR });
}
