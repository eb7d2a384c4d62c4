// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../../api/v1alpha1/provenance-record/schema.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import { recordKey, type RecordKey } from '../../../records/record-key.ts';

/** The results of the witnesses of one signature. */
type Testimony = Pick<EvidenceArtifact, 'signature' | 'logEntries' | 'timestamps'>;

interface Witnessed {
  readonly uid: string;
  readonly testimonies: Map<string, Testimony>;
}

/**
 * Results of witnesses that no record holds yet, because the write failed. They are written down first, before a witness is asked
 * again: a log of version 2 makes a second entry for a second request.
 */
export class UnrecordedTestimonies {
  readonly #records = new Map<RecordKey, Witnessed>();

  has(key: RecordKey): boolean {
    return this.#records.has(key);
  }

  note({ object }: TrustedRecord, { name, signature, logEntries, timestamps }: EvidenceArtifact): void {
    if (logEntries === undefined && timestamps === undefined) return;
    const { uid } = object.metadata;
    const key = recordKey(object.metadata);
    const kept = this.#records.get(key);
    const testimonies = kept?.uid === uid ? kept.testimonies : new Map<string, Testimony>();
    testimonies.set(name, {
      ...(signature === undefined ? {} : { signature }),
      ...(logEntries === undefined ? {} : { logEntries }),
      ...(timestamps === undefined ? {} : { timestamps }),
    });
    this.#records.set(key, { uid, testimonies });
  }

  /** The record's artifacts with what is not written down yet; undefined when the record says all, which is then forgotten here. */
  missingIn({ object }: TrustedRecord): readonly EvidenceArtifact[] | undefined {
    const key = recordKey(object.metadata);
    const kept = this.#records.get(key);
    if (kept === undefined) return undefined;
    const artifacts = object.evidence?.artifacts ?? [];
    const isSame = kept.uid === object.metadata.uid;
    const completed = artifacts.map((artifact) => withTestimony(artifact, kept.testimonies.get(artifact.name)));
    if (isSame && completed.some((artifact, index) => artifact !== artifacts[index])) return completed;
    this.#records.delete(key);
    return undefined;
  }

  /** Forgets a record that is gone, or that says all. */
  forget(key: RecordKey): void {
    this.#records.delete(key);
  }
}

/** A testimony is about one signature: one that was replaced meanwhile has to be seen anew. */
function withTestimony(artifact: EvidenceArtifact, testimony: Testimony | undefined): EvidenceArtifact {
  if (testimony?.signature !== artifact.signature) return artifact;
  const { logEntries, timestamps } = testimony ?? {};
  const isMissing = (mine: unknown, known: unknown): boolean => mine === undefined && known !== undefined;
  if (!isMissing(artifact.logEntries, logEntries) && !isMissing(artifact.timestamps, timestamps)) return artifact;
  return {
    ...artifact,
    ...(artifact.logEntries !== undefined || logEntries === undefined ? {} : { logEntries }),
    ...(artifact.timestamps !== undefined || timestamps === undefined ? {} : { timestamps }),
  };
}
