// SPDX-License-Identifier: Apache-2.0
import type { ClusterSigningPolicySpec } from '../cluster-signing-policy/schema.ts';
import type { LabelSelector } from '../label-selector.ts';
import type { SigningPolicySpec, SigningPolicyStatus } from './schema.ts';

type EffectiveStatus = NonNullable<SigningPolicyStatus['effective']>;

/** How long records are kept: `seconds` is there for Seconds alone. */
export type Retention =
  { readonly retention: 'Keep' | 'WithRun' } | { readonly retention: 'Seconds'; readonly seconds: number };

/** A policy's spec with every default filled in: every field is present. */
export interface EffectiveSigningPolicySpec {
  readonly selector: LabelSelector;
  readonly runs: EffectiveStatus['runs'];
  readonly attestation: EffectiveStatus['attestation'];
  readonly imageSignatures: EffectiveStatus['imageSignatures'];
  /** An empty list allows any repository. */
  readonly subjects: { readonly allowedRepositories: readonly string[] };
  readonly signer: SigningPolicySpec['signer'];
  /** An empty list means every backend in reach whose selector takes the run. */
  readonly backendRefs: readonly { readonly kind: 'StorageBackend' | 'ClusterStorageBackend'; readonly name: string }[];
  readonly mode: EffectiveStatus['mode'];
  readonly suspend: boolean;
  readonly record: Retention;
}

/**
 * Fills in the defaults of either policy kind. `creationTimestamp` is the policy's own (RFC 3339): runs that finished before
 * it are history unless `finishedAfter` says otherwise.
 */
export function effectiveSigningPolicySpec(
  spec: SigningPolicySpec | ClusterSigningPolicySpec,
  creationTimestamp: string,
): EffectiveSigningPolicySpec {
  return {
    selector: spec.selector ?? {},
    runs: {
      kinds: ['TaskRun', 'PipelineRun'],
      outcomes: ['Succeeded'],
      managedBy: [],
      finishedAfter: creationTimestamp,
      ...spec.runs,
    },
    attestation: {
      format: 'slsa/v2alpha4',
      buildType: 'https://tekton.dev/chains/v2/slsa',
      builderID: 'https://tekton.dev/chains/v2',
      deepInspection: false,
      redactParameters: [],
      ...spec.attestation,
    },
    imageSignatures: { formats: ['SimpleSigning'], ...spec.imageSignatures },
    subjects: { allowedRepositories: [], ...spec.subjects },
    signer: spec.signer,
    backendRefs: spec.backendRefs ?? [],
    mode: spec.mode ?? 'Enforce',
    suspend: spec.suspend ?? false,
    record: effectiveRetention(spec.record),
  };
}

function effectiveRetention({ retention = 'Keep', seconds }: NonNullable<SigningPolicySpec['record']> = {}): Retention {
  if (retention !== 'Seconds') return { retention };
  // The schema couples the two fields; keeping for ever is the side to err on.
  return seconds === undefined ? { retention: 'Keep' } : { retention, seconds };
}

/** What `status.effective` shows of it: the fields that have defaults. */
export function shownDefaults(effective: EffectiveSigningPolicySpec): EffectiveStatus {
  const { runs, attestation, imageSignatures, mode, suspend, record } = effective;
  return { runs, attestation, imageSignatures, mode, suspend, record };
}
