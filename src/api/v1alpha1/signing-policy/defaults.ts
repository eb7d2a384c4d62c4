// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../kinds.ts';
import type { ClusterSigningPolicySpec } from '../cluster-signing-policy/schema.ts';
import type { LabelSelector } from '../fields/label-selector.ts';
import { effectiveRetention, type Retention, type RetentionLimits } from './retention.ts';
import type { SigningPolicySpec, SigningPolicyStatus } from './schema.ts';

type EffectiveStatus = NonNullable<SigningPolicyStatus['effective']>;

type TransparencySpec = NonNullable<SigningPolicySpec['transparency']>;

/** The witnesses of the signatures of a policy. */
export interface Transparency {
  /** Absent: no log. */
  readonly rekor?: Required<Pick<NonNullable<TransparencySpec['rekor']>, 'url' | 'apiVersion' | 'onFailure'>> &
    Pick<NonNullable<TransparencySpec['rekor']>, 'caBundleRef'>;
  readonly timestampAuthorities: NonNullable<TransparencySpec['timestampAuthorities']>;
}

/** The deletion guard of a policy that sets none. */
export const defaultDeletionGuard = { type: 'Release', timeoutSeconds: 600 } as const;

/** A policy's spec with every default filled in: every field is present. */
export interface EffectiveSigningPolicySpec {
  readonly selector: LabelSelector;
  readonly runs: EffectiveStatus['runs'];
  readonly attestation: EffectiveStatus['attestation'];
  readonly imageSignatures: EffectiveStatus['imageSignatures'];
  /** An empty list allows any repository. */
  readonly subjects: {
    readonly allowedRepositories: readonly string[];
    readonly onIgnored: 'Warn' | 'Refuse';
  };
  readonly children: { readonly onMissing: 'Warn' | 'Refuse'; readonly notes: 'Memory' | 'Recorded' };
  readonly signer: SigningPolicySpec['signer'];
  readonly transparency: Transparency;
  /** Absent: no trust in Sigstore material. */
  readonly trustedRoot?: NonNullable<SigningPolicySpec['trustedRoot']>;
  /** An empty list means every backend in reach whose selector matches the run. */
  readonly backendRefs: readonly { readonly kind: BackendKind; readonly name: string }[];
  readonly mode: EffectiveStatus['mode'];
  readonly suspend: boolean;
  readonly deletionGuard: NonNullable<EffectiveStatus['deletionGuard']>;
  readonly compatibility: NonNullable<EffectiveStatus['compatibility']>;
  readonly record: Retention;
  /** Keep leaves the payloads in the records; UntilStored drops them once they are stored and read back. */
  readonly recordEvidence: NonNullable<EffectiveStatus['record']['evidence']>;
}

/**
 * Fill in the defaults of either policy kind. `creationTimestamp` is that of the policy (RFC 3339): runs that finished
 * earlier are history unless `finishedAfter` says otherwise. Without `limits`, records have the standard retention.
 */
export function effectiveSigningPolicySpec(
  spec: SigningPolicySpec | ClusterSigningPolicySpec,
  creationTimestamp: string,
  limits?: RetentionLimits,
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
    imageSignatures: { formats: ['SimpleSigning'], indexChildren: false, ...spec.imageSignatures },
    subjects: { allowedRepositories: [], onIgnored: 'Warn', ...spec.subjects },
    children: { onMissing: 'Warn', notes: 'Memory', ...spec.children },
    signer: spec.signer,
    transparency: effectiveTransparency(spec.transparency),
    ...(spec.trustedRoot === undefined ? {} : { trustedRoot: spec.trustedRoot }),
    backendRefs: spec.backendRefs ?? [],
    mode: spec.mode ?? 'Enforce',
    suspend: spec.suspend ?? false,
    deletionGuard: { ...defaultDeletionGuard, ...spec.deletionGuard },
    compatibility: { chainsAnnotations: false, ...spec.compatibility },
    record: effectiveRetention(spec.record, limits),
    recordEvidence: spec.record?.evidence ?? 'Keep',
  };
}

function effectiveTransparency({ rekor, timestampAuthorities = [] }: TransparencySpec = {}): Transparency {
  if (rekor === undefined) return { timestampAuthorities };
  return { rekor: { apiVersion: 1, onFailure: 'Retry', ...rekor }, timestampAuthorities };
}

/** The part that `status.effective` shows: the fields that have defaults. */
export function shownDefaults(effective: EffectiveSigningPolicySpec): EffectiveStatus {
  const { runs, attestation, imageSignatures, mode, suspend, deletionGuard, compatibility } = effective;
  const record = { ...effective.record, evidence: effective.recordEvidence };
  const { allowedRepositories, onIgnored } = effective.subjects;
  const subjects = { allowedRepositories: [...allowedRepositories], onIgnored };
  return { runs, attestation, imageSignatures, subjects, mode, suspend, deletionGuard, compatibility, record };
}
