// SPDX-License-Identifier: Apache-2.0
import type { TrustMaterialOfPolicy } from './trust-material.ts';
import { trustedRootText } from './trust-material.ts';

/**
 * A shell script that verifies an image with cosign 3: its signature and its provenance, each by one of the keys or by the certificate
 * identity.
 */
export function cosignTrust(material: TrustMaterialOfPolicy): string {
  const { description, keys, trustedRoot, identity, predicateType, signsImages } = material;
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
    ...(signsImages ? ['verify'] : []),
    ...(predicateType === undefined ? [] : [`verify-attestation --type ${quoted(predicateType)}`]),
  ];
  return [
    '#!/bin/sh',
    `# Verifies with cosign 3 what ${description} signed. Usage: sh FILE IMAGE@sha256:… [options of cosign]`,
    'set -eu',
    'image=$1',
    'shift',
    'trust=$(mktemp -d)',
    `trap 'rm -rf "$trust"' EXIT`,
    ...files,
    ...checks.map((check) => signers.map((signer) => command(check, signer, material)).join(' ||\n')),
    '',
  ].join('\n');
}

function command(
  check: string,
  signer: string,
  { isLogged, isTimestamped, trustedRoot }: TrustMaterialOfPolicy,
): string {
  const options = [
    signer,
    ...(trustedRoot === undefined ? [] : ['--trusted-root "$trust/trusted_root.json"']),
    ...(isLogged ? [] : ['--insecure-ignore-tlog=true']),
    ...(isTimestamped ? ['--use-signed-timestamps'] : []),
  ];
  return `cosign ${check} ${options.join(' ')} "$@" "$image"`;
}

/** A private certificate authority has no certificate log. */
function sct({ trustedRoot }: TrustMaterialOfPolicy): string {
  return (trustedRoot?.ctlogs.length ?? 0) === 0 ? ' --insecure-ignore-sct=true' : '';
}

function heredoc(file: string, content: string): string {
  return `cat > "$trust/${file}" <<'END_OF_FILE'\n${content.trimEnd()}\nEND_OF_FILE`;
}

/** For a shell: what is in single quotes is nothing but text. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
