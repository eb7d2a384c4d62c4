// SPDX-License-Identifier: Apache-2.0
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { SecretValue } from '../../runtime/secret-value.ts';
import { canonicalJson } from '../../json/canonical-json.ts';

/** The content that a record's seal covers. A `seal` field in `evidence` is ignored. */
export interface SealedRecord {
  readonly key: SecretValue;
  readonly namespace: string;
  readonly name: string;
  readonly spec: object;
  readonly evidence: object;
}

/** The content that the seal of a status covers: which backends hold the evidence of the record with this UID. */
export interface SealedStatus {
  readonly key: SecretValue;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly storage: readonly object[];
}

/** The content that the seal of a note about a child covers. */
export interface SealedChildNote {
  readonly namespace: string;
  /** The UID of the PipelineRun. */
  readonly parentUID: string;
  /** The name of the child, with its kind before it where that is not TaskRun. */
  readonly name: string;
  readonly uid: string;
  readonly digest: string;
  readonly sighting: string;
}

/**
 * HMAC-SHA256 (base64) over a record's namespace, name, spec and evidence. Only the operator holds the key, so a record with a matching
 * seal was written by it, whatever the cluster's permissions allow others.
 */
export function sealRecord(record: SealedRecord): string {
  return mac('hallmark.dev/record/v1', record.key, {
    evidence: withoutSeal(record.evidence),
    name: record.name,
    namespace: record.namespace,
    spec: record.spec,
  });
}

export function sealMatches(record: SealedRecord, seal: unknown): boolean {
  return typeof seal === 'string' && isEqual(sealRecord(record), seal);
}

/** The same for the storage entries in a record's status, so that no one else can claim that evidence is stored. */
export function sealStatus(status: SealedStatus): string {
  return mac('hallmark.dev/status/v1', status.key, {
    name: status.name,
    namespace: status.namespace,
    storage: status.storage,
    uid: status.uid,
  });
}

export function statusSealMatches(status: SealedStatus, seal: unknown): boolean {
  return typeof seal === 'string' && isEqual(sealStatus(status), seal);
}

/** Seals that a child of a PipelineRun finished, with a seal that passes for no other child and no other PipelineRun. */
export function sealChildNote(key: SecretValue, note: SealedChildNote): string {
  const { namespace, parentUID, name, uid, digest, sighting } = note;
  return mac('hallmark.dev/child/v1', key, { digest, name, namespace, parentUID, sighting, uid });
}

export function childNoteSealMatches(key: SecretValue, note: SealedChildNote, seal: unknown): boolean {
  return typeof seal === 'string' && isEqual(sealChildNote(key, note), seal);
}

/** The id of a key, which reveals nothing of it. */
export function sealKeyID(key: SecretValue): string {
  return preparedKey(key).id;
}

/**
 * The purpose is part of the sealed content, so that a seal of one kind never passes as one of another. Callers give the fields in the order of
 * canonical JSON, which is written faster so.
 */
function mac(purpose: string, key: SecretValue, sealed: object): string {
  return createHmac('sha256', preparedKey(key).object)
    .update(`${purpose}\n${canonicalJson(sealed)}`)
    .digest('base64');
}

interface PreparedKey {
  /** Node's own form of the key: raw bytes would be parsed for each seal, which takes several times as long as the seal. */
  readonly object: KeyObject;
  readonly id: string;
}

const preparedKeys = new WeakMap<SecretValue, PreparedKey>();

function preparedKey(key: SecretValue): PreparedKey {
  const cached = preparedKeys.get(key);
  if (cached !== undefined) return cached;
  const object = createSecretKey(key.reveal());
  const id = createHmac('sha256', object).update('hallmark.dev/seal-key-id/v1').digest('hex').slice(0, 16);
  preparedKeys.set(key, { object, id });
  return { object, id };
}

function withoutSeal(evidence: object): object {
  return Object.fromEntries(Object.entries(evidence).filter(([name]) => name !== 'seal'));
}

function isEqual(expected: string, given: string): boolean {
  const left = Buffer.from(expected);
  const right = Buffer.from(given);
  return left.length === right.length && timingSafeEqual(left, right);
}
