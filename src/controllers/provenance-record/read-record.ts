// SPDX-License-Identifier: Apache-2.0
import { parseProvenanceRecord } from '../../api/v1alpha1/parse.ts';
import type { ProvenanceRecord, StorageEntry } from '../../api/v1alpha1/provenance-record/schema.ts';
import { sealMatches, statusSealMatches } from '../../evidence/seal.ts';
import { objectMetadata } from '../../kube/object-metadata.ts';
import type { PolicyKey } from '../../pipelines/definitions.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import { recordName } from './record-name.ts';

/** A record whose seal verifies: its spec and evidence are the operator's own words. */
export interface TrustedRecord {
  readonly isTrusted: true;
  readonly object: ProvenanceRecord;
  readonly policy: PolicyKey;
  /** What its status says is stored, where that carries the operator's seal too; empty otherwise. */
  readonly storage: readonly StorageEntry[];
}

/** A record under a name of ours that the operator did not write, or that was changed since. */
export interface ForgedRecord {
  readonly isTrusted: false;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly why: string;
}

/**
 * Reads a stored ProvenanceRecord and checks its seals. Nothing in a record counts before this says it is trusted.
 * @returns undefined for an object without usable metadata
 */
export function readRecord(object: unknown, sealKey: SecretValue): TrustedRecord | ForgedRecord | undefined {
  const metadata = objectMetadata(object);
  if (metadata?.namespace === undefined) return undefined;
  const { namespace, name, uid, resourceVersion } = metadata;
  const parsed = parseProvenanceRecord(object);
  if (!parsed.ok) {
    const why = `it does not parse: ${parsed.message}`;
    return { isTrusted: false, namespace, name, uid, resourceVersion, generation: 0, why };
  }
  const record = parsed.value;
  const forged = (why: string): ForgedRecord => {
    return { isTrusted: false, namespace, name, uid, resourceVersion, generation: record.metadata.generation, why };
  };
  const { spec, evidence } = record;
  if (evidence === undefined || !sealMatches({ key: sealKey, namespace, name, spec, evidence }, evidence.seal)) {
    return forged('its seal does not verify: it was written or changed by somebody else than the operator');
  }
  const policy = policyKeyOf(spec.policyRef, namespace);
  if (name !== recordName(spec.runRef, policy)) return forged('its name is not that of its run and policy');
  const storage = record.status?.storage ?? [];
  const isStorageSealed = statusSealMatches({ key: sealKey, namespace, name, uid, storage }, record.status?.seal);
  return { isTrusted: true, object: record, policy, storage: isStorageSealed ? storage : [] };
}

/** The policy that a record names, which is one of its own namespace or a cluster policy. */
export function policyKeyOf(ref: ProvenanceRecord['spec']['policyRef'], namespace: string): PolicyKey {
  return { kind: ref.kind, namespace: ref.kind === 'SigningPolicy' ? namespace : '', name: ref.name };
}
