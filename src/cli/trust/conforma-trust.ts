// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import type { PolicyTrust, VerifierConfiguration } from './policy-trust.ts';
import { UsageError } from '../cli-error.ts';

/**
 * Prints a policy configuration for Conforma (`ec validate image --policy FILE --image IMAGE`) with the accepted signer. The reader chooses
 * the rules for attestations in `sources`. Conforma accepts one signer, so it is the current one.
 */
export function conformaTrust(material: PolicyTrust): VerifierConfiguration {
  const { description, keys, identity, isLogged, trustedRoot } = material;
  const [active] = keys;
  const [log] = trustedRoot?.tlogs ?? [];
  if (active === undefined && identity === undefined)
    throw new UsageError(`${description} publishes neither a key nor a certificate identity yet`);
  const signer =
    identity === undefined
      ? { publicKey: active?.publicKey }
      : { identity: { subject: identity.identity, issuer: identity.issuer } };
  const configuration = {
    name: material.name,
    description: `Evidence of ${description} of Hallmark.`,
    ...signer,
    ...(isLogged && log !== undefined ? { rekorUrl: log.baseUrl } : {}),
    sources: [{ name: 'rules', policy: ['./policy'] }],
  };
  const head = [
    `# ec validate image --policy THIS-FILE --image IMAGE${isLogged ? '' : ' --ignore-rekor'}`,
    '# The Rego rules for attestations are in ./policy: name your own sources instead.',
  ];
  return { text: `${head.join('\n')}\n${stringify(configuration, { lineWidth: 0 })}` };
}
