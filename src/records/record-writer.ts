// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecordStatus } from '../api/v1alpha1/provenance-record/schema.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import { hallmarkResource } from '../kube/hallmark-resource.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { isAlreadyExists, isConflict, isNamespaceGone } from '../kube/kube-error.ts';
import { objectMetadata } from '../kube/object-metadata.ts';
import { objectKey, parseObjectKey } from '../kube/resource.ts';
import type { SecretValue } from '../runtime/secret-value.ts';
import { type ForgedRecord, type KnownRecord, readRecord, type TrustedRecord } from './read-record.ts';
import { digestLabels } from './digest-labels.ts';
import { type RecordParts, sealedRecord } from './record-object.ts';
import { type RecordSummary, summariseRecord } from './record-summary.ts';
import { namespaceOfRecord, recordKey, type RecordKey } from './record-key.ts';

const RESOURCE = hallmarkResource('ProvenanceRecord');
const LABELS = { 'app.kubernetes.io/managed-by': 'hallmark' };

/** The index of records. An own write updates it before the watch delivers that write. */
export interface WrittenIndex {
  get(key: RecordKey): RecordSummary | undefined;
  set(record: RecordSummary): void;
  setWritten(record: RecordSummary, replacedVersion: string): void;
}

/** Remembers own writes until the watch delivers them. */
export interface WriteLog {
  /**
   * Awaits a write, and remembers a failed one, which may have reached the server.
   * @param sent what the record holds if the write succeeds; the watch may deliver it before the answer is here
   */
  certain<T>(key: RecordKey, write: Promise<T>, sent?: KnownRecord): Promise<T>;
  /** Notes a write by its answer, which was verified. */
  wrote(key: RecordKey, record: TrustedRecord): void;
  forget(key: RecordKey): void;
}

export interface RecordWriterOptions {
  readonly client: Pick<KubeClient, 'find' | 'create' | 'mergePatch' | 'replaceStatus' | 'delete'>;
  readonly sealKey: SecretValue;
  /** The earlier key of a rotation, whose seals count too. */
  readonly previousSealKey?: SecretValue | undefined;
  /** Throws once this replica does not hold the shard of the namespace any more. */
  readonly fence: (namespace: string) => void;
  readonly index: WrittenIndex;
  readonly ownWrites: WriteLog;
  /** Learns that the API server stored a record differently from what was sent. */
  readonly failingSeals: { storedOtherwise(key: RecordKey): void };
}

export interface RecordName {
  readonly namespace: string;
  readonly name: string;
}

/** The result of creating a record. */
export type Creation =
  | { readonly state: 'Created'; readonly record: TrustedRecord }
  /** The record existed already, as after a create whose response was lost. */
  | { readonly state: 'Exists'; readonly record: TrustedRecord }
  /** Another writer holds the name; undefined when that object is gone again. */
  | { readonly state: 'Taken'; readonly forged: ForgedRecord | undefined }
  | { readonly state: 'NamespaceGone' };

/**
 * The only writer of ProvenanceRecords. Each write checks the lease, carries a seal, is read back from the response, and is remembered
 * until the watch delivers it, so that no reconcile decides by an older version and signs, logs or uploads a second time.
 *
 * Writes reject with KubeError; a Conflict means that the record changed since it was read and that nothing was written. They reject with
 * Error when the response does not read back as it was sealed.
 */
export class RecordWriter {
  readonly #options: RecordWriterOptions;

  constructor(options: RecordWriterOptions) {
    this.#options = options;
  }

  /** Creates a record, or reads the object that holds its name. */
  async create(name: RecordName, parts: RecordParts, signal: AbortSignal): Promise<Creation> {
    const { client, index, sealKey, previousSealKey } = this.#options;
    const object = sealedRecord({ ...name, labels: labelsOf(parts) }, parts, sealKey);
    try {
      const created = await this.#write(recordKey(name), () => client.create(RESOURCE, object, { signal }), object);
      const record = this.#readBack(created, object);
      this.#noteCreated(record);
      return { state: 'Created', record };
    } catch (error) {
      // The run is gone with its namespace. Any other 404, such as that of a missing CRD, is retried.
      if (isNamespaceGone(error)) return { state: 'NamespaceGone' };
      if (!isAlreadyExists(error)) throw error;
    }
    const existing = await client.find(RESOURCE, name, { signal });
    const record = existing === undefined ? undefined : readRecord(existing, sealKey, { previousSealKey });
    if (record?.isTrusted !== true) return { state: 'Taken', forged: record };
    index.set(summariseRecord(record));
    return { state: 'Exists', record };
  }

  /** Replaces the spec and evidence of exactly this version of a record, if they change. @returns the record as it is now */
  async amend(record: TrustedRecord, parts: RecordParts, signal: AbortSignal): Promise<TrustedRecord> {
    const { client, sealKey } = this.#options;
    const { metadata, spec, evidence } = record.object;
    const sealed = sealedRecord({ ...identityOf(metadata), labels: labelsOf(parts) }, parts, sealKey);
    if (canonicalJson([spec, evidence]) === canonicalJson([sealed.spec, sealed.evidence])) return record;
    // A merge patch keeps each field that it does not name.
    const removed = evidence?.problem === undefined ? {} : { problem: null };
    const patch = { ...sealed, evidence: { ...removed, ...sealed.evidence } };
    return this.#replace(record, sealed, () => client.mergePatch(RESOURCE, patch, { signal }));
  }

  /** Replaces the status of exactly this version of a record, if it changes. @returns the record as it is now */
  async writeStatus(
    record: TrustedRecord,
    status: ProvenanceRecordStatus,
    signal: AbortSignal,
  ): Promise<TrustedRecord> {
    const { metadata, status: before } = record.object;
    if (before !== undefined && canonicalJson(before) === canonicalJson(status)) return record;
    const object = { metadata: identityOf(metadata), status };
    return this.#replace(record, record.object, () => this.#options.client.replaceStatus(RESOURCE, object, { signal }));
  }

  /** Replaces the status of a record that is not trusted, without a seal. */
  async disown(record: ForgedRecord, status: object, signal: AbortSignal): Promise<void> {
    this.#options.fence(record.namespace);
    const object = { metadata: identityOf(record), status };
    await this.#options.client.replaceStatus(RESOURCE, object, { signal });
  }

  /**
   * Deletes exactly this object, and exactly this version where one is given.
   * @returns false when it was gone already, or another object holds its name. @throws KubeError that is a Conflict when it has another version
   */
  async delete(
    record: { readonly key: RecordKey; readonly uid: string; readonly resourceVersion?: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { key, uid, resourceVersion } = record;
    const { client } = this.#options;
    try {
      const options = { signal, uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
      return await this.#write(key, () => client.delete(RESOURCE, parseObjectKey(key), options));
    } catch (error) {
      if (resourceVersion === undefined && isConflict(error)) return false;
      throw error;
    }
  }

  async #write<T>(key: RecordKey, write: () => Promise<T>, sent?: KnownRecord): Promise<T> {
    this.#options.fence(namespaceOfRecord(key));
    return this.#options.ownWrites.certain(key, write(), sent);
  }

  /** @param known what the record must hold then */
  async #replace({ object }: TrustedRecord, known: KnownRecord, write: () => Promise<unknown>): Promise<TrustedRecord> {
    const { metadata } = object;
    const written = this.#readBack(await this.#write(recordKey(metadata), write, known), known);
    this.#noteReplaced(written, metadata.resourceVersion);
    return written;
  }

  /** Checks that the API server stored exactly what was sent; under a CRD of another version, it prunes fields. */
  #readBack(written: unknown, known: KnownRecord): TrustedRecord {
    const { sealKey, previousSealKey } = this.#options;
    const read = readRecord(written, sealKey, { known, previousSealKey });
    if (read?.isTrusted === true) return read;
    const metadata = objectMetadata(written);
    const key = metadata === undefined ? 'without a name' : objectKey(metadata);
    this.#options.failingSeals.storedOtherwise(key);
    throw new Error(`ProvenanceRecord ${key} does not read back as it was sealed: install the CRDs of this version`);
  }

  #noteCreated(record: TrustedRecord): void {
    const { index, ownWrites } = this.#options;
    const summary = summariseRecord(record);
    const { key, uid } = summary;
    // The watch was faster.
    if (index.get(key)?.uid === uid) {
      ownWrites.forget(key);
      return;
    }
    ownWrites.wrote(key, record);
    index.set(summary);
  }

  #noteReplaced(record: TrustedRecord, replacedVersion: string): void {
    const { index, ownWrites } = this.#options;
    const summary = summariseRecord(record);
    const { key, resourceVersion } = summary;
    const indexed = index.get(key);
    // The record was deleted meanwhile: keep nothing of it.
    if (indexed === undefined) return;
    if (indexed.resourceVersion === resourceVersion) ownWrites.forget(key);
    else ownWrites.wrote(key, record);
    index.setWritten(summary, replacedVersion);
  }
}

function labelsOf({ evidence }: RecordParts): Readonly<Record<string, string>> {
  return { ...LABELS, ...digestLabels(evidence.artifacts ?? []) };
}

function identityOf({ namespace, name, uid, resourceVersion }: Identity): Identity {
  return { namespace, name, uid, resourceVersion };
}

interface Identity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}
