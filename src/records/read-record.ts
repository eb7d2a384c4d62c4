// SPDX-License-Identifier: Apache-2.0
import { field, isObject, listField } from '../json/fields.ts';
import { isSameJson } from '../json/is-same-json.ts';
import { parseProvenanceRecord } from '../api/v1alpha1/parsing/parse.ts';
import type { ProvenanceRecord, StorageEntry } from '../api/v1alpha1/provenance-record/schema.ts';
import { sealKeyID, sealMatches, statusSealMatches } from './seal/seal.ts';
import { objectMetadata } from '../kube/object-metadata.ts';
import type { SecretValue } from '../runtime/secret-value.ts';
import { recordName } from './record-name.ts';
import type { PolicyName } from '../pipelines/policy-key.ts';

/** A record whose seal verifies: its spec and evidence are the operator's own words. */
export interface TrustedRecord {
  readonly isTrusted: true;
  readonly object: ProvenanceRecord;
  readonly policy: PolicyName;
  /** The storage entries of the status if the operator's seal covers them too; empty otherwise. */
  readonly storage: readonly StorageEntry[];
  /** Present when the earlier key of a rotation still seals any of it. */
  readonly needsReseal?: true;
}

/** A record under one of our names that the operator did not write, or that was changed since. */
export interface ForgedRecord {
  readonly isTrusted: false;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly why: string;
  /** The id of another key, where that key seems to have sealed both evidence and status: the record of another operator. */
  readonly sealedBy?: string;
}

/** A record that the operator sealed and sent, or trusted before: an answer with the same content needs no second check of its seal. */
export interface KnownRecord {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: ProvenanceRecord['spec'];
  readonly evidence?: ProvenanceRecord['evidence'];
}

export interface ReadOptions {
  /** The record that the object answers, if any: where both have the same content, the result holds the known one. */
  readonly known?: KnownRecord | undefined;
  /** The earlier key of a rotation, whose seals count too. */
  readonly previousSealKey?: SecretValue | undefined;
}

/**
 * Reads a stored ProvenanceRecord and checks its seals. Nothing in a record counts unless it is trusted.
 * @returns undefined for an object without usable metadata
 */
export function readRecord(
  object: unknown,
  sealKey: SecretValue,
  { known, previousSealKey }: ReadOptions = {},
): TrustedRecord | ForgedRecord | undefined {
  const keys = previousSealKey === undefined ? [sealKey] : [sealKey, previousSealKey];
  const metadata = objectMetadata(object);
  if (metadata?.namespace === undefined) return undefined;
  const { namespace, name, uid, resourceVersion } = metadata;
  const other = otherKey(object, { namespace, name, uid }, keys);
  const sealedBy = other === undefined ? {} : { sealedBy: other };
  const parsed = parseProvenanceRecord(object);
  if (!parsed.ok) {
    const why = `it does not parse: ${parsed.message}`;
    return { isTrusted: false, namespace, name, uid, resourceVersion, generation: 0, why, ...sealedBy };
  }
  const record = parsed.value;
  const forged = (why: string): ForgedRecord => {
    const { generation } = record.metadata;
    return { isTrusted: false, namespace, name, uid, resourceVersion, generation, why, ...sealedBy };
  };
  const content = knownContent(record, known) ?? record;
  const sealing = sealingKey(content, keys, content !== record);
  if (sealing === undefined) {
    return forged('its seal does not verify: something other than the operator wrote or changed it');
  }
  const { spec } = content;
  const policy = policyKeyOf(spec.policyRef, namespace);
  if (name !== recordName(spec.runRef, policy)) return forged('its name is not that of its run and policy');
  const { storage = [], seal } = record.status ?? {};
  const storing = keys.find((key) => statusSealMatches({ key, namespace, name, uid, storage }, seal));
  const isSealedBefore = sealing !== sealKey || (storing !== undefined && storing !== sealKey);
  return {
    isTrusted: true,
    object: content,
    policy,
    storage: storing === undefined ? [] : storage,
    ...(isSealedBefore ? { needsReseal: true } : {}),
  };
}

/** The key that sealed the evidence. A known record was checked before, so that its key need only be named. */
function sealingKey(
  { metadata: { namespace, name }, spec, evidence }: ProvenanceRecord,
  keys: readonly SecretValue[],
  isKnown: boolean,
): SecretValue | undefined {
  if (evidence === undefined) return undefined;
  const [sealKey] = keys;
  if (isKnown && sealKey !== undefined && evidence.sealKeyID === sealKeyID(sealKey)) return sealKey;
  return keys.find((key) => sealMatches({ key, namespace, name, spec, evidence }, evidence.seal));
}

/** The record with the known spec and evidence, which are its own; undefined where anything that the seal covers differs. */
function knownContent(record: ProvenanceRecord, known: KnownRecord | undefined): ProvenanceRecord | undefined {
  if (known?.evidence === undefined) return undefined;
  const { metadata, spec, evidence } = record;
  const isSame =
    metadata.namespace === known.metadata.namespace &&
    metadata.name === known.metadata.name &&
    isSameJson(spec, known.spec) &&
    isSameJson(evidence, known.evidence);
  return isSame ? { ...record, spec: known.spec, evidence: known.evidence } : undefined;
}

/** The id of another operator's key. A status that our key sealed shows that the record is ours, whatever key its evidence names. */
function otherKey(
  object: unknown,
  identity: { readonly namespace: string; readonly name: string; readonly uid: string },
  keys: readonly SecretValue[],
): string | undefined {
  const keyID = field(field(object, 'evidence'), 'sealKeyID');
  if (typeof keyID !== 'string' || keys.some((key) => keyID === sealKeyID(key))) return undefined;
  const status = field(object, 'status');
  const storage = listField(status, 'storage').filter(isObject);
  const isOurs = keys.some((key) => statusSealMatches({ key, ...identity, storage }, field(status, 'seal')));
  return isOurs ? undefined : keyID;
}

/** The policy that a record names: one of its own namespace, or a cluster policy. */
export function policyKeyOf(ref: ProvenanceRecord['spec']['policyRef'], namespace: string): PolicyName {
  return { kind: ref.kind, namespace: ref.kind === 'SigningPolicy' ? namespace : '', name: ref.name };
}
