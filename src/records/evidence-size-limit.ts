// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../api/v1alpha1/provenance-record/schema.ts';
import type { EffectiveSigningPolicySpec } from '../api/v1alpha1/signing-policy/defaults.ts';

/**
 * The limit for all evidence of a record together, with everything it will gain: etcd refuses requests above 1.5 MiB, and the rest of the
 * object needs its part of that (`MAX_STORAGE_BYTES`, the spec, conditions, `managedFields`).
 */
export const MAX_EVIDENCE_BYTES = 1100 * 1024;

/** The entries for an artifact's fields in `managedFields`. */
const FIELDS_BYTES = 1024;
/** Signature, key id and public key: those of RSA with 4096 bits take 1.6 kB. */
const SIGNATURE_BYTES = 2048;
/** A certificate with its chain: Fulcio's take some 3 kB. */
const CERTIFICATE_BYTES = 4096;
/** An entry with its proofs: one that names a certificate takes some 5 kB. */
const LOG_ENTRY_BYTES = 6 * 1024;
/** A token with its certificates. */
const TIMESTAMP_BYTES = 5 * 1024;

/** The part of a policy that decides how much its artifacts gain. */
export type AskedOfEvidence = Pick<EffectiveSigningPolicySpec, 'signer' | 'transparency'>;

/** The final size of an artifact in a record: its size now, and everything its policy will add. */
export function finalBytes(artifact: EvidenceArtifact, asked: AskedOfEvidence): number {
  return (
    Buffer.byteLength(JSON.stringify(artifact)) +
    FIELDS_BYTES +
    signatureBytes(artifact, asked) +
    witnessBytes(artifact, asked)
  );
}

function signatureBytes({ signature }: EvidenceArtifact, { signer }: AskedOfEvidence): number {
  if (signature !== undefined) return 0;
  return SIGNATURE_BYTES + (signer.type === 'Keyless' ? CERTIFICATE_BYTES : 0);
}

function witnessBytes({ logEntries, timestamps }: EvidenceArtifact, { transparency }: AskedOfEvidence): number {
  const { rekor, timestampAuthorities } = transparency;
  const log = rekor === undefined || logEntries !== undefined ? 0 : LOG_ENTRY_BYTES + urlBytes(rekor);
  const authorities = timestamps === undefined ? timestampAuthorities : [];
  return authorities.reduce((sum, authority) => sum + TIMESTAMP_BYTES + urlBytes(authority), log);
}

/** The address of a witness appears next to its result, and in `managedFields`. */
function urlBytes({ url }: { readonly url: string }): number {
  return 2 * Buffer.byteLength(url);
}
