// SPDX-License-Identifier: Apache-2.0
import type { EffectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { PayloadOptions } from '../../provenance/payload-options.ts';
import type { FormatName } from '../../provenance/statement.ts';

export const outputFormats = ['json', 'yaml', 'text'] as const;

export type OutputFormat = (typeof outputFormats)[number];

/** The flags that replace a policy. An absent flag has the policy's default. */
export interface AttestationFlags {
  readonly format?: FormatName | 'None';
  readonly buildType?: string;
  readonly builderId?: string;
  readonly deepInspection?: boolean;
}

/** Combines the defaults of a policy with flags. */
export function optionsFromFlags({ format, buildType, builderId, deepInspection }: AttestationFlags): PayloadOptions {
  const defaults = effectiveSigningPolicySpec({ signer: { type: 'Key' } }, '');
  return {
    attestation: {
      ...defaults.attestation,
      ...(format === undefined ? {} : { format }),
      ...(buildType === undefined ? {} : { buildType }),
      ...(builderId === undefined ? {} : { builderID: builderId }),
      ...(deepInspection === undefined ? {} : { deepInspection }),
    },
    imageSignatureFormats: defaults.imageSignatures.formats,
  };
}

/** Reads the payload options of a policy. Its selectors do not matter. */
export function optionsFromPolicy({ attestation, imageSignatures }: EffectiveSigningPolicySpec): PayloadOptions {
  return { attestation, imageSignatureFormats: imageSignatures.formats };
}
