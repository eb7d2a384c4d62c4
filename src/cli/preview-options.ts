// SPDX-License-Identifier: Apache-2.0
import { effectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';
import { parseManifest } from '../api/v1alpha1/parse-manifest.ts';
import { problemText } from '../api/v1alpha1/problem.ts';
import { field } from '../api/v1alpha1/field.ts';
import type { PayloadOptions } from '../provenance/payload.ts';
import type { FormatName } from '../provenance/statement.ts';
import { readRunDocuments } from './run-documents.ts';

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

/**
 * What the one SigningPolicy or ClusterSigningPolicy in a file makes of a run; which runs it selects does not matter.
 *
 * Rejects when the file cannot be read, holds no policy or more than one, or the policy is invalid.
 */
export async function optionsFromPolicy(path: string): Promise<PayloadOptions> {
  const documents = await readRunDocuments([path], process.stdin);
  const policies = documents.flatMap((document) => {
    if ('syntaxError' in document) throw new Error(`${document.place}: ${document.syntaxError}`);
    return isPolicy(document.value) ? [document] : [];
  });
  const [policy] = policies;
  if (policy === undefined || policies.length > 1) {
    throw new Error(`${path} must hold one SigningPolicy or ClusterSigningPolicy; it holds ${policies.length}`);
  }
  const parsed = parseManifest(policy.value);
  if (!parsed.ok) throw new Error(`${policy.place}: ${parsed.problems.map(problemText).join('; ')}`);
  const manifest = parsed.value;
  if (manifest.kind !== 'SigningPolicy' && manifest.kind !== 'ClusterSigningPolicy')
    throw new Error(`${path}: no policy`);
  const { attestation, imageSignatures } = effectiveSigningPolicySpec(manifest.spec, '');
  return { attestation, imageSignatureFormats: imageSignatures.formats };
}

function isPolicy(value: unknown): boolean {
  const kind = field(value, 'kind');
  return kind === 'SigningPolicy' || kind === 'ClusterSigningPolicy';
}
