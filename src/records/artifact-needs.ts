// SPDX-License-Identifier: Apache-2.0
import type { Artifact } from '../evidence/artifact.ts';
import type { Transparency } from '../api/v1alpha1/signing-policy/defaults.ts';

/** What may be asked to witness a signature. */
export type WitnessKind = NonNullable<Artifact['witnesses']>[number];

/** The fields that say who witnessed a signature; the same in memory and in a record. */
type Witnessed = Pick<Artifact, 'certificate' | 'logEntries' | 'logFailure' | 'timestamps'>;

/** A certificate that ends sooner than this is taken for ended: its witnesses could not answer in time. */
const SPARE_MS = 30_000;

/**
 * Whether an artifact has to be signed: it never was, or nothing witnessed the signature before its certificate ended, or nothing ever
 * would under the policy as it is now, so that nobody could ever verify it. That is the one case in which something is signed a second
 * time. `transparency` is undefined where no policy can be asked.
 */
export function needsSignature(
  artifact: Witnessed & { readonly signature?: unknown },
  now: Date,
  transparency?: Transparency,
): boolean {
  if (artifact.signature === undefined) return true;
  const { certificate, logEntries, timestamps } = artifact;
  if (certificate === undefined || logEntries !== undefined || timestamps !== undefined) return false;
  if (transparency !== undefined && !hasClock(transparency)) return true;
  return Date.parse(certificate.notAfter) - SPARE_MS <= now.getTime();
}

/** Whether something of it is certain to say when a certificate was used, as policies with a Keyless signer must have. */
export function hasClock({ rekor, timestampAuthorities }: Transparency): boolean {
  return timestampAuthorities.length > 0 || (rekor?.apiVersion === 1 && rekor.onFailure === 'Retry');
}

/** What a policy wants to have seen its signatures. */
export function wantedWitnesses({ rekor, timestampAuthorities }: Transparency): readonly WitnessKind[] {
  return [
    ...(rekor === undefined ? [] : (['Log'] as const)),
    ...(timestampAuthorities.length === 0 ? [] : (['TimestampAuthority'] as const)),
  ];
}

/** Whether everything that is wanted has seen the artifact, or need not have for a log that failed. */
export function isWitnessed(artifact: Witnessed, wanted: readonly WitnessKind[]): boolean {
  const { logEntries, logFailure, timestamps } = artifact;
  const isSeen: Readonly<Record<WitnessKind, boolean>> = {
    Log: logEntries !== undefined || logFailure !== undefined,
    TimestampAuthority: timestamps !== undefined,
  };
  return wanted.every((kind) => isSeen[kind]);
}
