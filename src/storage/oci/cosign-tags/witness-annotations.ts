// SPDX-License-Identifier: Apache-2.0
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { LogEntry, SignedArtifact } from '../../../evidence/artifact.ts';
import { StorageError } from '../../storage-error.ts';
import type { StoredWitnesses } from '../../stored-evidence.ts';

const LOG_ENTRY_ANNOTATION = 'dev.sigstore.cosign/bundle';
const TIMESTAMP_ANNOTATION = 'dev.sigstore.cosign/rfc3161timestamp';

/**
 * The annotations in which cosign finds a layer's Rekor v1 entry and timestamp. There is room for one of each.
 * @throws StorageError `BackendRejected` for an entry of Rekor v2, which has no inclusion promise to write
 */
export function witnessAnnotations({
  logEntries = [],
  timestamps = [],
}: Pick<SignedArtifact, 'logEntries' | 'timestamps'>): Readonly<Record<string, string>> {
  const [entry] = logEntries;
  const [timestamp] = timestamps;
  return {
    ...(entry === undefined ? {} : { [LOG_ENTRY_ANNOTATION]: rekorBundle(entry) }),
    ...(timestamp === undefined
      ? {}
      : { [TIMESTAMP_ANNOTATION]: JSON.stringify({ SignedRFC3161Timestamp: timestamp.token }) }),
  };
}

/** Read the witnesses from a layer's annotations. */
export function storedWitnesses(annotations: Readonly<Record<string, string>> = {}): StoredWitnesses {
  const { [LOG_ENTRY_ANNOTATION]: logEntry = '', [TIMESTAMP_ANNOTATION]: timestamp = '' } = annotations;
  return { ...(logEntry === '' ? {} : { logEntry }), ...(timestamp === '' ? {} : { timestamp }) };
}

function rekorBundle({ entry, url }: LogEntry): string {
  const { canonicalizedBody, inclusionPromise, integratedTime, logId, logIndex } = parsed(entry, url);
  if (inclusionPromise === undefined || logId === undefined) {
    const message = `the entry of ${url} has no signed timestamp, so cosign's tags have no room for it: use encoding SigstoreBundle with Rekor v2`;
    throw new StorageError('BackendRejected', message);
  }
  return JSON.stringify({
    SignedEntryTimestamp: inclusionPromise.signedEntryTimestamp.toString('base64'),
    Payload: {
      body: canonicalizedBody.toString('base64'),
      integratedTime: Number(integratedTime),
      logIndex: Number(logIndex),
      logID: logId.keyId.toString('hex'),
    },
  });
}

function parsed(entry: string, url: string): TransparencyLogEntry {
  try {
    return TransparencyLogEntry.fromJSON(JSON.parse(entry));
  } catch (error) {
    throw new StorageError('BackendRejected', `the entry of ${url} in the record cannot be read`, { cause: error });
  }
}
