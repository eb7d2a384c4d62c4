// SPDX-License-Identifier: Apache-2.0
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { EffectiveStorageBackendSpec } from '../../api/v1alpha1/storage-backend/defaults.ts';
import { takesOfPolicy } from '../../pipelines/takes-of-policy.ts';
import { UsageError } from '../cli-error.ts';
import type { PolicyTrust } from './policy-trust.ts';
import type { PublishedPolicy } from './published-policy.ts';

/** The backends that the evidence of a policy goes to, or the reason why they are not known. */
export type PolicyBackends = { readonly specs: readonly EffectiveStorageBackendSpec[] } | { readonly unknown: string };

/** The evidence that verifiers find with an image, and notes on what they do not find there. */
export interface KeptEvidence {
  readonly material: PolicyTrust;
  readonly notices: readonly string[];
}

/**
 * Limits the trust data of a policy to the evidence that its backends keep in registries: a check for more would refuse every image.
 * @throws UsageError if they keep none
 */
export function keptWithImages(material: PolicyTrust, policy: PublishedPolicy, backends: PolicyBackends): KeptEvidence {
  if ('unknown' in backends) {
    const notice = `the backends of ${material.description} are not known, because ${backends.unknown}: they must keep all that is checked here with the images`;
    return { material, notices: [notice] };
  }
  const spec = { ...effectiveSigningPolicySpec(policy.spec, ''), attestation: material.attestation };
  const kept = backends.specs.flatMap((backend) =>
    takesOfPolicy(spec, backend).taken.map(({ form }) => ({ form, encoding: registryEncoding(backend) })),
  );
  const encodings = (form: string): readonly Encoding[] =>
    kept.flatMap((artifact) => (artifact.form === form && artifact.encoding !== undefined ? [artifact.encoding] : []));
  const imageFormats = material.imageFormats.filter((format) => encodings(format).length > 0);
  const ofProvenance = material.predicateType === undefined ? [] : encodings('InTotoStatement');
  if (imageFormats.length === 0 && ofProvenance.length === 0) throw new UsageError(nothingKept(material));
  const { predicateType, ...rest } = material;
  const isProven = predicateType !== undefined && ofProvenance.length > 0;
  return {
    material: {
      ...rest,
      ...(isProven ? { predicateType } : {}),
      imageFormats,
      isInBundles: isProven
        ? ofProvenance.every((encoding) => encoding === 'SigstoreBundle')
        : !imageFormats.includes('SimpleSigning'),
    },
    notices: [
      ...(material.imageFormats.length > 0 && imageFormats.length === 0 ? [unkeptSignatures(material)] : []),
      ...(predicateType !== undefined && !isProven
        ? [`the provenance is not checked: no OCI backend of ${material.description} takes attestations`]
        : []),
    ],
  };
}

type Encoding = 'SigstoreBundle' | 'CosignTags';

function registryEncoding(spec: EffectiveStorageBackendSpec): Encoding | undefined {
  return spec.type === 'OCI' ? spec.oci.encoding : undefined;
}

function nothingKept({ description }: PolicyTrust): string {
  return `${description} keeps no evidence with images: it needs a backend of type OCI that takes what it signs`;
}

function unkeptSignatures({ description, imageFormats }: PolicyTrust): string {
  return (
    `image signatures are not checked: no backend of ${description} keeps imageSignatures.formats [${imageFormats.join(', ')}] with the images. ` +
    'A backend with encoding: SigstoreBundle keeps SigstoreStatement, one with encoding: CosignTags keeps SimpleSigning'
  );
}
