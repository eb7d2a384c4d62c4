// SPDX-License-Identifier: Apache-2.0
import type { EffectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { PayloadOptions } from '../../provenance/payload-options.ts';
import type { FormatName } from '../../provenance/statement.ts';

/** The flags that stand in for a policy; what is absent takes a policy's default. */
export interface AttestationFlags {
  readonly format?: FormatName | 'None';
  readonly buildType?: string;
  readonly builderId?: string;
  readonly deepInspection?: boolean;
}

/** What a policy without any settings makes of a run, changed by flags. */
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

/** What a policy makes of a run; which runs it selects does not matter. */
export function optionsFromPolicy({ attestation, imageSignatures }: EffectiveSigningPolicySpec): PayloadOptions {
  return { attestation, imageSignatureFormats: imageSignatures.formats };
}
