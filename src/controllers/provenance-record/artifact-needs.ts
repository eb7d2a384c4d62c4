// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import type { Transparency } from '../../api/v1alpha1/signing-policy/defaults.ts';

/** A certificate that ends sooner than this is taken for ended: its witnesses could not answer in time. */
const SPARE_MS = 30_000;

/**
 * Whether an artifact has to be signed: it never was, or its certificate ended before anything witnessed the signature, so that nobody
 * could ever verify it. That is the one case in which something is signed a second time.
 */
export function needsSignature(artifact: EvidenceArtifact, now: Date): boolean {
  if (artifact.signature === undefined) return true;
  const { certificate, logEntries, timestamps } = artifact;
  if (certificate === undefined || logEntries !== undefined || timestamps !== undefined) return false;
  return Date.parse(certificate.notAfter) - SPARE_MS <= now.getTime();
}

/** Whether a policy has signatures witnessed at all. */
export function wantsWitness({ rekor, timestampAuthorities }: Transparency): boolean {
  return rekor !== undefined || timestampAuthorities.length > 0;
}

/** Whether everything has seen the artifact that the policy wants to have seen it. */
export function isWitnessed(artifact: EvidenceArtifact, { rekor, timestampAuthorities }: Transparency): boolean {
  const isLogged = artifact.logEntries !== undefined || artifact.logFailure !== undefined;
  return (rekor === undefined || isLogged) && (timestampAuthorities.length === 0 || artifact.timestamps !== undefined);
}
