// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import { certificatePem } from './trust-pem.ts';
import type { TrustMaterialOfPolicy } from './trust-material.ts';
import { publicKeyPem } from './trust-pem.ts';

/** A ClusterPolicy of Kyverno that admits only images whose signature and provenance are this policy's. */
export function kyvernoTrust(material: TrustMaterialOfPolicy): string {
  const { name, description, predicateType, signsImages, images } = material;
  const attestors = [{ count: 1, entries: entries(material) }];
  const rule = {
    name: 'verify-images',
    match: { any: [{ resources: { kinds: ['Pod'] } }] },
    verifyImages: [
      {
        imageReferences: images.length === 0 ? ['*'] : images.map((glob) => `${glob}*`),
        failureAction: 'Enforce',
        ...(signsImages ? { attestors } : {}),
        ...(predicateType === undefined ? {} : { attestations: [{ type: predicateType, attestors }] }),
      },
    ],
  };
  const policy = {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: {
      name,
      annotations: { 'policies.kyverno.io/description': `Images signed by ${description} of Hallmark.` },
    },
    spec: { background: false, webhookConfiguration: { failurePolicy: 'Fail', timeoutSeconds: 30 }, rules: [rule] },
  };
  return stringify(policy, { lineWidth: 0 });
}

function entries(material: TrustMaterialOfPolicy): readonly object[] {
  const { keys, identity, trustedRoot, isLogged } = material;
  const witnesses = { rekor: rekor(material), ctlog: { ignoreSCT: (trustedRoot?.ctlogs.length ?? 0) === 0 } };
  const roots = trustedRoot?.certificateAuthorities.flatMap(({ certChain }) => certChain?.certificates ?? []) ?? [];
  const tsa = trustedRoot?.timestampAuthorities.flatMap(({ certChain }) => certChain?.certificates ?? []) ?? [];
  const tsaCertChain = tsa.length === 0 || isLogged ? {} : { tsaCertChain: tsa.map(certificatePem).join('') };
  return [
    ...keys.map(({ publicKey }) => ({ keys: { publicKeys: publicKey, ...witnesses, ...tsaCertChain } })),
    ...(identity === undefined
      ? []
      : [
          {
            keyless: {
              subject: identity.identity,
              issuer: identity.issuer,
              ...(roots.length === 0 ? {} : { roots: roots.map(certificatePem).join('') }),
              ...witnesses,
              ...tsaCertChain,
            },
          },
        ]),
  ];
}

function rekor({ isLogged, trustedRoot }: TrustMaterialOfPolicy): object {
  const [log] = trustedRoot?.tlogs ?? [];
  if (!isLogged || log === undefined) return { ignoreTlog: true };
  return { url: log.baseUrl, ...(log.publicKey === undefined ? {} : { pubkey: publicKeyPem(log.publicKey) }) };
}
