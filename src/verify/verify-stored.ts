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

/** Evidence that was read back from a backend: storage's StoredEvidence. */
export interface StoredMaterial {
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly encoding: 'SignatureText' | 'SigstoreBundle';
  /** PEM; empty if the store could hold one but does not, absent if it cannot. */
  readonly certificateChain?: string;
  readonly witnesses?: CosignWitnesses;
}

/** The trust for evidence of one policy. */
export interface StoredTrust {
  readonly keys: readonly VerificationKey[];
  /** The identity that certificates must name; without one a keyless signature does not verify. */
  readonly identity?: CertificateIdentity | undefined;
  readonly trustedRoot?: TrustedRoot | undefined;
  readonly requireLog: boolean;
  readonly requireTimestamp: boolean;
  readonly now: Date;
  /** The time of the signature in the caller's own records, for keys with a window and signatures without a witness. */
  readonly signedAt?: Date | undefined;
}

/**
 * Judges evidence that was read back from a backend: it must equal the signed artifact and verify. Witnesses that the backend's format
 * cannot hold are taken from the record. Returns no problem if the evidence is sound.
 */
export function verifyStored(
  stored: StoredMaterial,
  expected: SignedArtifact,
  trust: StoredTrust,
): readonly VerificationProblem[] {
  try {
    const signed = artifactMaterial(expected);
    const material = storedMaterial(stored, signed);
    const differences = compare(material, signed, stored);
    return differences.length > 0 ? differences : verifyWhole(material, signed, trust);
  } catch (error) {
    if (error instanceof VerificationFailure) return [error.problem()];
    return [{ code: 'MaterialInvalid', message: 'what was read back cannot be read' }];
  }
}

function storedMaterial(stored: StoredMaterial, signed: Material): Material {
  if (stored.encoding === 'SigstoreBundle') return bundleMaterial(stored.signature.toString('utf8'), stored.payload);
  const certificate = stored.certificateChain === undefined ? signed.certificate : storedLeaf(stored.certificateChain);
  const attached = {
    ...(certificate === undefined ? {} : { certificate }),
    ...(stored.witnesses === undefined ? witnessesOf(signed) : cosignWitnesses(stored.witnesses)),
  };
  if (signed.form === 'Envelope') return envelopeMaterial(stored.signature.toString('utf8'), attached);
  const { payload, signature } = stored;
  return { form: 'Raw', payloadType: SIMPLE_SIGNING_TYPE, payload, signature, ...attached };
}

function storedLeaf(chain: string): Buffer | undefined {
  return chain === '' ? undefined : leafCertificate(chain);
}

function witnessesOf({ logEntries, timestamps }: Material): Pick<Material, 'logEntries' | 'timestamps'> {
  return { logEntries, timestamps };
}

/** Selects the witnesses that the backend must hold: cosign's tags have room for one of each kind. */
function witnessesWithRoom(signed: Material, { witnesses }: StoredMaterial): ReturnType<typeof witnessesOf> {
  const { logEntries, timestamps } = signed;
  return witnesses === undefined
    ? witnessesOf(signed)
    : { logEntries: logEntries.slice(0, 1), timestamps: timestamps.slice(0, 1) };
}

/** Lists the differences between stored and signed material. */
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

/** @param found has the payload, form and type that were signed */
function verifyWhole(found: Material, signed: Material, trust: StoredTrust): readonly VerificationProblem[] {
  const payload = readPayload(signed);
  const { predicateType, subjects } = payload;
  const expectations = {
    keys: trust.keys,
    identities: trust.identity === undefined ? [] : [trust.identity],
    trustedRoot: trust.trustedRoot,
    predicateTypes: [predicateType],
    subjects: subjects.map(({ digest }) => digest).filter((digest) => Object.keys(digest).length > 0),
    logs: trust.requireLog ? 1 : 0,
    timestamps: trust.requireTimestamp ? 1 : 0,
    now: trust.now,
    signedAt: trust.signedAt,
  };
  return verifyArtifact(found, expectations, payload).problems;
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}

function holdsAll(found: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((identity) => found.includes(identity));
}

/** Identifies a log entry. Proofs are left out, because proofs against a later tree differ. */
function entryIdentity({ logId, logIndex, canonicalizedBody }: TransparencyLogEntry): string {
  return `${text(logId.keyId)} ${logIndex} ${text(canonicalizedBody)}`;
}

function text(bytes: Buffer): string {
  return bytes.toString('base64');
}
