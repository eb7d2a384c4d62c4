// SPDX-License-Identifier: Apache-2.0
import { keyHashes } from './key-hashes.ts';
import type { PolicyTrust } from './policy-trust.ts';
import { certificatePem } from './root-pem.ts';

/** A signer that Kyverno accepts, under a name that expressions use. */
export interface KyvernoAttestor {
  readonly name: string;
  readonly cosign: object;
}

/** Without these, Kyverno asks a TUF repository for keys of logs and authorities before it verifies anything. */
const UNWITNESSED = { insecureIgnoreTlog: true, insecureIgnoreSCT: true };

/** Lists the signers that Kyverno can verify; empty for certificates whose authorities it cannot know. */
export function kyvernoAttestors(material: PolicyTrust): readonly KyvernoAttestor[] {
  const { keys, identity, isLogged } = material;
  const tuf = tufOf(material);
  const ofKeys = keys.flatMap(({ publicKey: data }, index) =>
    keyHashes(data).map((hashAlgorithm) => {
      const key = { key: { data, hashAlgorithm } };
      const cosign = isLogged && tuf !== undefined ? { ...key, tuf } : { ...key, ctlog: UNWITNESSED };
      return { name: `key${index + 1}${hashAlgorithm}`, cosign };
    }),
  );
  if (identity === undefined || tuf === undefined) return ofKeys;
  const keyless = { identities: [{ subject: identity.identity, issuer: identity.issuer }] };
  return [...ofKeys, { name: 'keyless', cosign: { keyless, tuf, ...(isLogged ? {} : timestamped(material)) } }];
}

/**
 * True if Kyverno can learn the keys of logs and authorities. It takes them from a TUF repository alone, and fails if its trusted root
 * lacks one of the three kinds, whatever the evidence needs.
 */
export function hasKyvernoTrust({ tuf, trustedRoot }: PolicyTrust): boolean {
  const { tlogs = [], ctlogs = [], certificateAuthorities = [] } = trustedRoot ?? {};
  return tuf !== undefined && [tlogs, ctlogs, certificateAuthorities].every((list) => list.length > 0);
}

function tufOf(material: PolicyTrust): object | undefined {
  if (!hasKyvernoTrust(material) || material.tuf === undefined) return undefined;
  const { mirror, initialRoot } = material.tuf;
  const root = initialRoot === undefined ? {} : { root: { data: Buffer.from(initialRoot).toString('base64') } };
  return { mirror, ...root };
}

/** A timestamp proves when a certificate signed. In bundles Kyverno finds the authorities itself. */
function timestamped({ trustedRoot, isInBundles }: PolicyTrust): object {
  const chain = trustedRoot?.timestampAuthorities.flatMap(({ certChain }) => certChain?.certificates ?? []) ?? [];
  const tsaCertChain = isInBundles || chain.length === 0 ? {} : { tsaCertChain: chain.map(certificatePem).join('') };
  return { ctlog: { insecureIgnoreTlog: true, ...tsaCertChain } };
}
