// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import type { PolicyTrust } from './policy-trust.ts';
import { UsageError } from '../cli-error.ts';

/**
 * A policy configuration for Conforma (`ec validate image --policy FILE --image IMAGE`): whose signatures and attestations count. Which rules they
 * must meet is for its reader to choose, in `sources`. Conforma takes one signer, so that is who signs now.
 */
export function conformaTrust(material: PolicyTrust): string {
  const { description, keys, identity, isLogged, trustedRoot } = material;
  const [active] = keys;
  const [log] = trustedRoot?.tlogs ?? [];
  if (active === undefined && identity === undefined) throw new UsageError(`${description} publishes nobody`);
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
    '# The Rego rules that attestations must meet lie in ./policy: name your own sources instead.',
  ];
  return `${head.join('\n')}\n${stringify(configuration, { lineWidth: 0 })}`;
}
