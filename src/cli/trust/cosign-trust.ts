// SPDX-License-Identifier: Apache-2.0
import { IMAGE_SIGNATURE_TYPE } from '../../verify/expectations.ts';
import type { PolicyTrust, VerifierConfiguration } from './policy-trust.ts';
import { requiresTimestamp, trustedRootText } from './policy-trust.ts';

type ImageFormat = PolicyTrust['imageFormats'][number];

/**
 * Prints a shell script that verifies an image's signature and provenance with cosign 3, each by one of the keys or by the certificate
 * identity.
 */
export function cosignTrust(material: PolicyTrust): VerifierConfiguration {
  const { description, keys, trustedRoot, identity, predicateType, imageFormats } = material;
  const files = [
    ...keys.map(({ publicKey }, index) => heredoc(`${index + 1}.pub`, publicKey)),
    ...(trustedRoot === undefined ? [] : [heredoc('trusted_root.json', trustedRootText(trustedRoot))]),
  ];
  const signers = [
    ...keys.map((_key, index) => `--key "$trust/${index + 1}.pub"`),
    ...(identity === undefined
      ? []
      : [
          `--certificate-identity ${quoted(identity.identity)} --certificate-oidc-issuer ${quoted(identity.issuer)}${sct(material)}`,
        ]),
  ];
  const checks = [
    ...(imageFormats.length === 0 ? [] : [imageFormats.map((format) => imageCheck(format, material))]),
    ...(predicateType === undefined ? [] : [[attestationCheck(predicateType, material)]]),
  ];
  const text = [
    '#!/bin/sh',
    `# Verifies the evidence of ${description} with cosign 3. Usage: sh FILE IMAGE@sha256:… [options of cosign]`,
    'set -eu',
    'image=${1:?usage: sh FILE IMAGE@sha256:DIGEST}',
    // Each check would resolve a tag anew, and it may be moved between two of them.
    'case $image in *@sha256:*) ;; *) echo "usage: sh FILE IMAGE@sha256:DIGEST" >&2; exit 2 ;; esac',
    'shift',
    'trust=$(mktemp -d)',
    `trap 'rm -rf "$trust"' EXIT`,
    ...files,
    ...checks.map((ways) =>
      ways.flatMap((check) => signers.map((signer) => command(check, signer, material))).join(' ||\n'),
    ),
    '',
  ].join('\n');
  return { text };
}

/** One check, as cosign's arguments. */
interface Check {
  readonly command: string;
  readonly isTimestamped: boolean;
}

/** In bundles, `cosign verify` accepts an attestation of any type as a signature, so this requires the type. */
function imageCheck(format: ImageFormat, { isTimestamped }: PolicyTrust): Check {
  return format === 'SimpleSigning'
    ? { command: 'verify --new-bundle-format=false', isTimestamped }
    : { command: `verify-attestation --new-bundle-format=true --type ${quoted(IMAGE_SIGNATURE_TYPE)}`, isTimestamped };
}

function attestationCheck(predicateType: string, material: PolicyTrust): Check {
  return { command: `verify-attestation --type ${quoted(predicateType)}`, isTimestamped: requiresTimestamp(material) };
}

function command(check: Check, signer: string, { isLogged, trustedRoot }: PolicyTrust): string {
  const options = [
    signer,
    ...(trustedRoot === undefined ? [] : ['--trusted-root "$trust/trusted_root.json"']),
    ...(isLogged ? [] : ['--insecure-ignore-tlog=true']),
    ...(check.isTimestamped ? ['--use-signed-timestamps'] : []),
  ];
  return `cosign ${check.command} ${options.join(' ')} "$@" "$image"`;
}

/** A private certificate authority has no certificate log. */
function sct({ trustedRoot }: PolicyTrust): string {
  return (trustedRoot?.ctlogs.length ?? 0) === 0 ? ' --insecure-ignore-sct=true' : '';
}

function heredoc(file: string, content: string): string {
  return `cat > "$trust/${file}" <<'END_OF_FILE'\n${content.trimEnd()}\nEND_OF_FILE`;
}

/** Quotes a text for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
