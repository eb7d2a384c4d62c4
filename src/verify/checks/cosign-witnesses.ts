// SPDX-License-Identifier: Apache-2.0
import type { TransparencyLogEntry } from '@sigstore/bundle';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { field } from '../../json/fields.ts';
import { parseLogEntry } from '../material/artifact-material.ts';
import type { Material } from '../material/material.ts';
import { strictBase64 } from './strict-base64.ts';
import { strictJson } from '../strict-json.ts';
import { VerificationFailure } from '../verification-failure.ts';

/** The witness annotations of a layer in cosign's tags; absent or empty without a witness. */
export interface CosignWitnesses {
  readonly logEntry?: string;
  readonly timestamp?: string;
}

const rekorBundle = Compile(
  Type.Object({
    SignedEntryTimestamp: Type.String(),
    Payload: Type.Object({
      body: Type.String(),
      integratedTime: Type.Integer(),
      logIndex: Type.Integer(),
      logID: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
  }),
);
const rfc3161 = Compile(Type.Object({ SignedRFC3161Timestamp: Type.String() }));

/** Reads the log entry and timestamp of a layer in cosign's tags. @throws VerificationFailure */
export function cosignWitnesses({
  logEntry = '',
  timestamp = '',
}: CosignWitnesses): Pick<Material, 'logEntries' | 'timestamps'> {
  return {
    logEntries: logEntry === '' ? [] : [cosignLogEntry(logEntry)],
    timestamps: timestamp === '' ? [] : [cosignTimestamp(timestamp)],
  };
}

/** Reads cosign's own bundle of a log entry, which has a promise but no proof. */
function cosignLogEntry(text: string): TransparencyLogEntry {
  const value = strictJson(text, 'the log entry of the signature');
  if (!rekorBundle.Check(value)) throw unreadable('log entry');
  const { SignedEntryTimestamp: signedEntryTimestamp, Payload } = value;
  const { body, logID, logIndex, integratedTime } = Payload;
  const bytes = strictBase64(body, 'the log entry of the signature');
  const entry = strictJson(bytes, 'the log entry of the signature');
  return parseLogEntry(
    JSON.stringify({
      logIndex: String(logIndex),
      logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
      kindVersion: { kind: field(entry, 'kind'), version: field(entry, 'apiVersion') },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp },
      canonicalizedBody: body,
    }),
  );
}

function cosignTimestamp(text: string): Buffer {
  const value = strictJson(text, 'the timestamp of the signature');
  if (!rfc3161.Check(value)) throw unreadable('timestamp');
  return strictBase64(value.SignedRFC3161Timestamp, 'the timestamp of the signature');
}

function unreadable(what: string): VerificationFailure {
  return new VerificationFailure('MaterialInvalid', `the ${what} of the signature cannot be read`);
}
