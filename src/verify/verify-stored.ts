// SPDX-License-Identifier: Apache-2.0
import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { artifactMaterial, leafCertificate } from './material/artifact-material.ts';
import { bundleMaterial } from './material/bundle-material.ts';
import { readPayload } from './checks/check-payload.ts';
import { envelopeMaterial } from './material/envelope-material.ts';
import type { CosignWitnesses } from './checks/cosign-witnesses.ts';
import { cosignWitnesses } from './checks/cosign-witnesses.ts';
import type { CertificateIdentity } from './expectations.ts';
import type { Material } from './material/material.ts';
import { SIMPLE_SIGNING_TYPE } from './material/material.ts';
import type { VerificationProblem } from './verification-problem.ts';
import { verifyArtifact } from './verify-artifact.ts';
import { VerificationFailure } from './verification-failure.ts';
import type { VerificationKey } from '../signing/verification-key.ts';

/** What a backend gave back: storage's StoredEvidence. */
export interface StoredMaterial {
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly encoding: 'SignatureText' | 'SigstoreBundle';
  /** PEM; empty where the store has room for it and holds none. */
  readonly certificateChain?: string;
  readonly witnesses?: CosignWitnesses;
}

/** What the policy's evidence must verify with. */
export interface StoredTrust {
  readonly keys: readonly VerificationKey[];
  /** Whom certificates must name; without one a keyless signature does not verify. */
  readonly identity?: CertificateIdentity | undefined;
  readonly trustedRoot?: TrustedRoot | undefined;
  readonly requireLog: boolean;
  readonly requireTimestamp: boolean;
  readonly now: Date;
  /** When it was signed, if the caller's own records say so: for keys with a window where nothing witnessed the signature. */
  readonly signedAt?: Date | undefined;
}

/**
 * Judges what was read back from a backend: it is what was signed, byte for byte where signatures are made over bytes, and it verifies.
 * Witnesses that the backend's form has no room for are taken from the record. No problem means that all is well.
 */
export function verifyStored(
  stored: StoredMaterial,
  expected: SignedArtifact,
  trust: StoredTrust,
): readonly VerificationProblem[] {
  try {
    const signed = artifactMaterial(expected);
    const found = storedMaterial(stored, signed);
    const differences = compare(found, signed, stored);
    return differences.length > 0 ? differences : verifyWhole(found, signed, trust);
  } catch (error) {
    if (error instanceof VerificationFailure) return [error.problem()];
    return [{ code: 'MaterialInvalid', message: 'what was read back cannot be read' }];
  }
}

function storedMaterial(stored: StoredMaterial, signed: Material): Material {
  if (stored.encoding === 'SigstoreBundle') return bundleMaterial(stored.signature.toString('utf8'), stored.payload);
  const certificate = stored.certificateChain === undefined ? signed.certificate : storedLeaf(stored.certificateChain);
  const beside = {
    ...(certificate === undefined ? {} : { certificate }),
    ...(stored.witnesses === undefined ? witnessesOf(signed) : cosignWitnesses(stored.witnesses)),
  };
  if (signed.form === 'Envelope') return envelopeMaterial(stored.signature.toString('utf8'), beside);
  const { payload, signature } = stored;
  return { form: 'Raw', payloadType: SIMPLE_SIGNING_TYPE, payload, signature, ...beside };
}

function storedLeaf(chain: string): Buffer | undefined {
  return chain === '' ? undefined : leafCertificate(chain);
}

function witnessesOf({ logEntries, timestamps }: Material): Pick<Material, 'logEntries' | 'timestamps'> {
  return { logEntries, timestamps };
}

/** What should lie there of what witnessed the signature: cosign's tags have room for one of each. */
function witnessesWithRoom(signed: Material, { witnesses }: StoredMaterial): ReturnType<typeof witnessesOf> {
  const { logEntries, timestamps } = signed;
  return witnesses === undefined
    ? witnessesOf(signed)
    : { logEntries: logEntries.slice(0, 1), timestamps: timestamps.slice(0, 1) };
}

/** What of the stored material is not what was signed. */
function compare(found: Material, signed: Material, stored: StoredMaterial): readonly VerificationProblem[] {
  const { logEntries, timestamps } = witnessesWithRoom(signed, stored);
  const differences = [
    ...(found.form === signed.form ? [] : ['its form']),
    ...(found.payloadType === signed.payloadType ? [] : ['the payload type']),
    ...(found.payload.equals(signed.payload) && stored.payload.equals(signed.payload) ? [] : ['the payload']),
    ...(found.signature.equals(signed.signature) ? [] : ['the signature']),
    ...(isSame(found.certificate, signed.certificate) ? [] : ['the certificate']),
    ...(holdsAll(found.logEntries.map(entryIdentity), logEntries.map(entryIdentity)) ? [] : ['the log entries']),
    ...(holdsAll(found.timestamps.map(text), timestamps.map(text)) ? [] : ['the timestamps']),
  ];
  return differences.map((what) => ({
    code: 'NotWhatWasSigned',
    message: `what was read back is not what was signed and stored: it differs in ${what}`,
  }));
}

function verifyWhole(found: Material, signed: Material, trust: StoredTrust): readonly VerificationProblem[] {
  const { predicateType, subjects } = readPayload(signed);
  return verifyArtifact(found, {
    keys: trust.keys,
    identities: trust.identity === undefined ? [] : [trust.identity],
    trustedRoot: trust.trustedRoot,
    predicateTypes: [predicateType],
    subjects: subjects.map(({ digest }) => digest).filter((digest) => Object.keys(digest).length > 0),
    logs: trust.requireLog ? 1 : 0,
    timestamps: trust.requireTimestamp ? 1 : 0,
    now: trust.now,
    signedAt: trust.signedAt,
  }).problems;
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}

function holdsAll(found: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((identity) => found.includes(identity));
}

/** What makes a log entry that one; proofs against a later tree may differ. */
function entryIdentity({ logId, logIndex, canonicalizedBody }: TransparencyLogEntry): string {
  return `${text(logId.keyId)} ${logIndex} ${text(canonicalizedBody)}`;
}

function text(bytes: Buffer): string {
  return bytes.toString('base64');
}
