// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { RFC3161Timestamp } from '@sigstore/core';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import { VerificationError, Verifier } from '@sigstore/verify';
import type { SignedEntity, TrustMaterial } from '@sigstore/verify';
import type { SigningCertificate } from './check-certificate.ts';
import { requireLoggedBy } from './logged-verifier.ts';
import type { Material } from '../material/material.ts';
import type { SignatureContent } from '../signature-content.ts';
import { SIGNER_HINT } from '../trust-material.ts';
import type { VerificationCode } from '../verification-problem.ts';
import type { VerifiedTime } from '../verification-result.ts';
import { VerificationFailure } from '../verification-failure.ts';

/** The signer, whose key verifies the signature. */
export interface SigningParty {
  readonly publicKey: KeyObject;
  readonly certificate: SigningCertificate | undefined;
}

/** The facts that logs and timestamp authorities prove. Each source counts once. */
export interface Witnessed {
  readonly times: readonly VerifiedTime[];
  readonly logs: number;
  /** Decimal indexes of the entries in their logs. */
  readonly logIndexes: readonly string[];
  readonly authorities: number;
}

/**
 * Verifies every log entry, every timestamp, and the certificate's chain at every witnessed time. One that is invalid or attached twice
 * fails the whole evidence, because no honest signer attaches it. @throws VerificationFailure
 */
export function checkWitnesses(
  material: Material,
  content: SignatureContent,
  party: SigningParty,
  trust: TrustMaterial,
): Witnessed {
  const timestamps = material.timestamps.map(parseTimestamp);
  const { certificate } = party;
  const entity: SignedEntity = {
    signature: content,
    key:
      certificate === undefined
        ? { $case: 'public-key', hint: SIGNER_HINT }
        : { $case: 'certificate', certificate: certificate.sigstore },
    tlogEntries: [...material.logEntries],
    timestamps: [
      ...material.logEntries.filter(hasTime).map((tlogEntry) => ({ $case: 'transparency-log', tlogEntry }) as const),
      ...timestamps.map((timestamp) => ({ $case: 'timestamp-authority', timestamp }) as const),
    ],
  };
  requireVerified(entity, trust);
  for (const entry of material.logEntries) {
    requireKind(entry, material.form);
    requireLoggedBy(entry, { publicKey: party.publicKey, certificate: certificate?.der });
  }
  const times = [
    ...material.logEntries.filter(hasTime).map(logTime),
    ...timestamps.map(({ signingTime }) => ({ source: 'TimestampAuthority', time: signingTime }) as const),
  ];
  requireLogsInForce(material.logEntries, trust, times);
  const logs = new Set(material.logEntries.map(({ logId }) => logId.keyId.toString('hex'))).size;
  const authorities = new Set(timestamps.map(authority)).size;
  return { times, logs, logIndexes: material.logEntries.map(provenIndex), authorities };
}

function requireVerified(entity: SignedEntity, trust: TrustMaterial): void {
  const isKeyless = entity.key.$case === 'certificate';
  const options = {
    tlogThreshold: 0,
    // A certificate is valid for minutes, so it cannot be judged without a proven time.
    timestampThreshold: isKeyless ? 1 : 0,
    // A private authority without a certificate log lists none in its trusted root.
    ctlogThreshold: isKeyless && trust.ctlogs.length > 0 ? 1 : 0,
  };
  try {
    new Verifier(trust, options).verify(entity);
  } catch (error) {
    throw translated(error, isKeyless && entity.timestamps.length === 0);
  }
}

const meanings: Readonly<Partial<Record<string, readonly [VerificationCode, string]>>> = {
  TLOG_BODY_ERROR: ['LogEntryInvalid', 'the log entry is about another signature or payload'],
  TLOG_ERROR: ['LogEntryInvalid', 'the same log entry is attached twice'],
  TLOG_INCLUSION_PROOF_ERROR: ['LogEntryInvalid', 'the inclusion proof of the log entry does not hold'],
  TLOG_INCLUSION_PROMISE_ERROR: ['LogEntryInvalid', "the log entry is not signed by one of the trusted root's logs"],
  TLOG_MISSING_INCLUSION_ERROR: ['LogEntryInvalid', 'the log entry has neither proof nor promise of inclusion'],
  CERTIFICATE_ERROR: ['CertificateInvalid', 'the chain of the certificate does not hold at the time of the signature'],
  TIMESTAMP_ERROR: [
    'TimestampInvalid',
    "a timestamp is attached twice, or is of none of the trusted root's authorities",
  ],
  SIGNATURE_ERROR: ['SignatureInvalid', 'the signature does not verify'],
};

function translated(error: unknown, isTimeless: boolean): VerificationFailure {
  if (isTimeless) {
    const message = 'neither a log entry nor a timestamp says when the certificate signed';
    return new VerificationFailure('TimestampMissing', message, { cause: error });
  }
  const [code, message] = (error instanceof VerificationError ? meanings[error.code] : undefined) ?? [
    'MaterialInvalid',
    'log entry, timestamp or certificate cannot be read',
  ];
  return new VerificationFailure(code, message, { cause: error });
}

/** An entry for an envelope does not cover a signature over bare bytes, even if payload and signature are the same. */
function requireKind({ kindVersion }: TransparencyLogEntry, form: Material['form']): void {
  if (kindVersion.kind !== 'dsse' || form === 'Envelope') return;
  throw new VerificationFailure(
    'LogEntryInvalid',
    'the log entry is about an envelope, and the signed artifact is not one',
  );
}

/** Sigstore's verifier checks the log's period of service only for entries with a time; this checks those without. */
function requireLogsInForce(
  entries: readonly TransparencyLogEntry[],
  trust: TrustMaterial,
  times: readonly VerifiedTime[],
): void {
  for (const entry of entries.filter((candidate) => !hasTime(candidate))) {
    const logs = trust.tlogs.filter(({ logID }) => logID.equals(entry.logId.keyId));
    const inForce = logs.some(({ validFor }) =>
      times.every(({ time }) => validFor.start <= time && time <= validFor.end),
    );
    if (inForce) continue;
    throw new VerificationFailure('LogEntryInvalid', 'the log was not in service at the time of the entry');
  }
}

/** A time counts only if the log's signature covers it, which is the promise of inclusion. */
function hasTime({ integratedTime, inclusionPromise }: TransparencyLogEntry): boolean {
  return inclusionPromise !== undefined && integratedTime !== '' && integratedTime !== '0';
}

/** The promise covers the index in the whole log, and the proof the index in its tree. With a proof alone, the stated index is unproven. */
function provenIndex({ logIndex, inclusionPromise, inclusionProof }: TransparencyLogEntry): string {
  return inclusionPromise === undefined && inclusionProof !== undefined ? inclusionProof.logIndex : logIndex;
}

function logTime({ integratedTime }: TransparencyLogEntry): VerifiedTime {
  return { source: 'TransparencyLog', time: new Date(Number(integratedTime) * 1000) };
}

function authority({ signerIssuer, signerSerialNumber }: RFC3161Timestamp): string {
  return `${signerIssuer.toString('hex')} ${signerSerialNumber.toString('hex')}`;
}

function parseTimestamp(der: Buffer): RFC3161Timestamp {
  try {
    return RFC3161Timestamp.parse(Buffer.from(der));
  } catch (error) {
    throw new VerificationFailure('TimestampInvalid', 'a timestamp cannot be read', { cause: error });
  }
}
