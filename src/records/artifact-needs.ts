// SPDX-License-Identifier: Apache-2.0
import type { Artifact } from '../evidence/artifact.ts';
import type { Transparency } from '../api/v1alpha1/signing-policy/defaults.ts';

/** A kind of witness that a policy may ask for. */
export type WitnessKind = NonNullable<Artifact['witnesses']>[number];

/** The fields that say who witnessed a signature; the same in memory and in a record. */
type Witnessed = Pick<Artifact, 'certificate' | 'logEntries' | 'logFailure' | 'timestamps'>;

/** Treat a certificate that ends sooner than this as expired: its witnesses could not answer in time. */
const SPARE_MS = 30_000;

/**
 * True when an artifact has to be signed: it is unsigned, or its certificate ended without a witness, or the policy as it is now names no
 * witness that could ever date it, so that it would never verify. The last two are the only cases in which something is signed again.
 * `transparency` is undefined while the policy is unknown.
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

/** True when a witness of the policy is certain to date the use of a certificate, as policies with a Keyless signer require. */
export function hasClock({ rekor, timestampAuthorities }: Transparency): boolean {
  return timestampAuthorities.length > 0 || (rekor?.apiVersion === 1 && rekor.onFailure === 'Retry');
}

/** The kinds of witnesses that a policy asks for. */
export function wantedWitnesses({ rekor, timestampAuthorities }: Transparency): readonly WitnessKind[] {
  return [
    ...(rekor === undefined ? [] : (['Log'] as const)),
    ...(timestampAuthorities.length === 0 ? [] : (['TimestampAuthority'] as const)),
  ];
}

/** True when every wanted witness has seen the artifact, or may be left out because the log failed. */
export function isWitnessed(artifact: Witnessed, wanted: readonly WitnessKind[]): boolean {
  const { logEntries, logFailure, timestamps } = artifact;
  const isSeen: Readonly<Record<WitnessKind, boolean>> = {
    Log: logEntries !== undefined || logFailure !== undefined,
    TimestampAuthority: timestamps !== undefined,
  };
  return wanted.every((kind) => isSeen[kind]);
}
