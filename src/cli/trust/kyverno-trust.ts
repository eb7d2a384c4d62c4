// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import { IMAGE_SIGNATURE_TYPE } from '../../verify/expectations.ts';
import type { PolicyTrust } from './policy-trust.ts';
import { requiresTimestamp } from './policy-trust.ts';
import { certificatePem, publicKeyPem } from './root-pem.ts';

/** Prints a Kyverno ClusterPolicy that admits only images with this policy's signature and provenance. */
export function kyvernoTrust(material: PolicyTrust): string {
  const { name, description, images } = material;
  const rule = {
    name: 'verify-images',
    match: { any: [{ resources: { kinds: ['Pod'] } }] },
    verifyImages: [
      {
        imageReferences: images.length === 0 ? ['*'] : images.map((glob) => `${glob}*`),
        failureAction: 'Enforce',
        ...checks(material),
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

/** In bundles, attestors alone would accept an attestation of any type as a signature, so this requires the type. */
function checks(material: PolicyTrust): object {
  const { predicateType, imageFormats, isInBundles } = material;
  const isSigned = imageFormats.length > 0;
  const signature = { attestors: [{ count: 1, entries: entries(material, material.isTimestamped) }] };
  const provenance = { attestors: [{ count: 1, entries: entries(material, requiresTimestamp(material)) }] };
  const attestations = predicateType === undefined ? [] : [{ type: predicateType, ...provenance }];
  if (isInBundles) {
    const ofImage = isSigned ? [{ type: IMAGE_SIGNATURE_TYPE, ...signature }] : [];
    return { type: 'SigstoreBundle', attestations: [...ofImage, ...attestations] };
  }
  return { ...(isSigned ? signature : {}), ...(attestations.length === 0 ? {} : { attestations }) };
}

function entries(material: PolicyTrust, isTimestamped: boolean): readonly object[] {
  const { keys, identity, trustedRoot, isLogged } = material;
  const witnesses = { rekor: rekor(material), ctlog: { ignoreSCT: (trustedRoot?.ctlogs.length ?? 0) === 0 } };
  const roots = trustedRoot?.certificateAuthorities.flatMap(({ certChain }) => certChain?.certificates ?? []) ?? [];
  const tsa = trustedRoot?.timestampAuthorities.flatMap(({ certChain }) => certChain?.certificates ?? []) ?? [];
  const tsaCertChain =
    tsa.length === 0 || isLogged || !isTimestamped ? {} : { tsaCertChain: tsa.map(certificatePem).join('') };
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

function rekor({ isLogged, trustedRoot }: PolicyTrust): object {
  const [log] = trustedRoot?.tlogs ?? [];
  if (!isLogged || log === undefined) return { ignoreTlog: true };
  return { url: log.baseUrl, ...(log.publicKey === undefined ? {} : { pubkey: publicKeyPem(log.publicKey) }) };
}
