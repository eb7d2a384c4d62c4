// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { Option } from 'commander';
import type { ClusterOptions } from '../cli-context.ts';

/** The options that every form of `hallmark verify` takes. */
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

/** Adds them. */
export function addVerifyOptions(command: Command): Command {
  return command
    .addOption(many('--key <file>', 'public key (PEM) that may have signed; many times'))
    .addOption(
      many('--kms <uri>', 'key of a KMS that may have signed, asked for with your own credentials; many times'),
    )
    .option('--certificate-identity <text>', 'whom the certificate must name, the whole text')
    .option('--certificate-oidc-issuer <url>', 'OIDC issuer that the certificate must name, the whole text')
    .option('--trusted-root <file>', 'trusted_root.json for certificates, logs and timestamps')
    .option(
      '--policy <file|name>',
      'take keys, identity, trusted root and what is required from the status of a policy',
    )
    .addOption(
      many(
        '--type <type>',
        'predicate type that must be there: slsaprovenance, slsaprovenance1, imagesignature or a URI',
      ),
    )
    .addOption(many('--digest <digest>', 'algorithm:hex that must be a subject; many times'))
    .addOption(many('--image <reference>', 'NAME@sha256:… that must be a subject; many times'))
    .option('--require-log', 'a transparency log must have taken it')
    .option('--require-timestamp', 'a timestamp authority must have seen it')
    .option('-n, --namespace <name>', "namespace (the context's when absent)")
    .option('--context <name>', 'context of the kubeconfig')
    .option('--operator-namespace <name>', "the operator's own namespace", 'hallmark-system')
    .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text'))
    .allowExcessArguments(false);
}

function many(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((value: string, values: readonly string[]) => [...values, value])
    .default([]);
}
