// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import { TransparencyLogEntry as LogEntryMessage } from '@sigstore/protobuf-specs';
import type { LogEntry, SignedArtifact, Timestamp } from '../../evidence/artifact.ts';
import type { Material } from './material.ts';
import { strictBase64 } from '../checks/strict-base64.ts';
import { VerificationFailure } from '../verification-failure.ts';

/** The material of an artifact as a record holds it. @throws VerificationFailure */
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

/** DER of the first certificate in PEM. @throws VerificationFailure */
export function leafCertificate(chain: string): Buffer {
  try {
    return new X509Certificate(chain).raw;
  } catch (error) {
    throw new VerificationFailure('MaterialInvalid', 'the certificate cannot be read', { cause: error });
  }
}

/** Log entries as a record holds them. @throws VerificationFailure */
export function recordedEntries(entries: readonly LogEntry[]): readonly TransparencyLogEntry[] {
  return entries.map(({ entry }) => parseLogEntry(entry));
}

/** Timestamps as a record holds them. @throws VerificationFailure */
export function recordedTimestamps(timestamps: readonly Timestamp[]): readonly Buffer[] {
  return timestamps.map(({ token }) => strictBase64(token, 'the timestamp'));
}

/** A log entry from the JSON of sigstore's message. @throws VerificationFailure */
export function parseLogEntry(text: string): TransparencyLogEntry {
  try {
    const { logId, kindVersion, ...entry } = LogEntryMessage.fromJSON(JSON.parse(text));
    if (logId === undefined || kindVersion === undefined) throw new TypeError('logId or kindVersion is missing');
    return { ...entry, logId, kindVersion };
  } catch (error) {
    throw new VerificationFailure('MaterialInvalid', 'the log entry cannot be read', { cause: error });
  }
}
