// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import { TransparencyLogEntry as LogEntryMessage } from '@sigstore/protobuf-specs';
import type { LogEntry, SignedArtifact, Timestamp } from '../../evidence/artifact.ts';
import type { Material } from './material.ts';
import { strictBase64 } from '../checks/strict-base64.ts';
import { VerificationFailure } from '../verification-failure.ts';

/** Reads the material of an artifact in a record. @throws VerificationFailure */
export function artifactMaterial(artifact: SignedArtifact): Material {
  return {
    form: artifact.form === 'SimpleSigning' ? 'Raw' : 'Envelope',
    payloadType: artifact.payloadType,
    payload: artifact.payload,
    signature: artifact.signature,
    ...(artifact.certificate === undefined ? {} : { certificate: leafCertificate(artifact.certificate.chain) }),
    logEntries: recordedEntries(artifact.logEntries ?? []),
    timestamps: recordedTimestamps(artifact.timestamps ?? []),
  };
}

/** Returns the DER of the first certificate in a PEM text. @throws VerificationFailure */
export function leafCertificate(chain: string): Buffer {
  try {
    return new X509Certificate(chain).raw;
  } catch (error) {
    throw new VerificationFailure('MaterialInvalid', 'the certificate cannot be read', { cause: error });
  }
}

/** Reads the log entries in a record. @throws VerificationFailure */
export function recordedEntries(entries: readonly LogEntry[]): readonly TransparencyLogEntry[] {
  return entries.map(({ entry }) => parseLogEntry(entry));
}

/** Reads the timestamps in a record. @throws VerificationFailure */
export function recordedTimestamps(timestamps: readonly Timestamp[]): readonly Buffer[] {
  return timestamps.map(({ token }) => strictBase64(token, 'the timestamp'));
}

/** Parses the JSON of Sigstore's TransparencyLogEntry. @throws VerificationFailure */
export function parseLogEntry(text: string): TransparencyLogEntry {
  try {
    const { logId, kindVersion, ...entry } = LogEntryMessage.fromJSON(JSON.parse(text));
    if (logId === undefined || kindVersion === undefined) throw new TypeError('logId or kindVersion is missing');
    return { ...entry, logId, kindVersion };
  } catch (error) {
    throw new VerificationFailure('MaterialInvalid', 'the log entry cannot be read', { cause: error });
  }
}
