// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { Option } from 'commander';
import type { ClusterOptions } from '../cli-context.ts';
import { repeatableOption } from '../repeatable-option.ts';

/** The options of every `hallmark verify` subcommand. */
export interface VerifyOptions extends ClusterOptions {
  readonly key: readonly string[];
  readonly kms: readonly string[];
  readonly certificateIdentity?: string;
  readonly certificateOidcIssuer?: string;
  readonly trustedRoot?: string;
  readonly policy?: string;
  readonly type: readonly string[];
  readonly digest: readonly string[];
  readonly image: readonly string[];
  readonly requireLog?: true;
  readonly requireTimestamp?: true;
  readonly output: 'text' | 'json';
}

/** Adds the common options to a subcommand. */
export function addVerifyOptions(command: Command): Command {
  return command
    .addOption(repeatableOption('--key <file>', 'accept signatures of this public key (PEM)'))
    .addOption(repeatableOption('--kms <uri>', 'accept signatures of this KMS key, fetched with your own credentials'))
    .option('--certificate-identity <text>', 'identity that the certificate must name, in full')
    .option('--certificate-oidc-issuer <url>', 'OIDC issuer that the certificate must name, in full')
    .option(
      '--trusted-root <file>',
      "trusted_root.json for certificates, logs and timestamps (default for certificates: Sigstore's public-good root)",
    )
    .option('--policy <file|name>', 'use the keys, identity, trusted root and required witnesses of a policy')
    .addOption(
      repeatableOption(
        '--type <type>',
        'require this predicate type: slsaprovenance, slsaprovenance1, imagesignature or a URI',
      ),
    )
    .addOption(repeatableOption('--digest <digest>', 'require this subject, as algorithm:hex'))
    .addOption(repeatableOption('--image <reference>', 'require this subject, as NAME@sha256:…'))
    .option('--require-log', 'require an entry in a transparency log')
    .option('--require-timestamp', 'require a timestamp of a timestamp authority')
    .option('-n, --namespace <name>', 'namespace (default: that of the kubeconfig context)')
    .option('--context <name>', 'kubeconfig context')
    .option('--operator-namespace <name>', 'namespace of the operator', 'hallmark-system')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .allowExcessArguments(false);
}
