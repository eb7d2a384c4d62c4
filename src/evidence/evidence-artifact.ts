// SPDX-License-Identifier: Apache-2.0
import { MAX_LISTED_SUBJECTS } from '../api/v1alpha1/provenance-record/evidence.ts';
import type { EvidenceArtifact } from '../api/v1alpha1/provenance-record/evidence.ts';
import { boundedWarnings } from '../api/v1alpha1/warning.ts';
import { boundedText } from '../runtime/bounded-text.ts';
import type { Artifact, PayloadlessArtifact, RecordedArtifact, SignedArtifact, Subject } from './artifact.ts';
import { EvidenceError } from './evidence-error.ts';
import { packPayload, unpackPayload } from './packed-payload.ts';
import { payloadDigest } from './payload-digest.ts';
import { payloadSubjects } from './payload-subjects.ts';

/** Artifacts that were read before, by the record's form, so that each payload is unpacked once. */
const readBefore = new WeakMap<EvidenceArtifact, RecordedArtifact>();

/** The payloads of artifacts that were brought into the record's form here, so that they need not be unpacked again. */
const packedHere = new WeakMap<EvidenceArtifact, Buffer>();

/** The schema's bound on a listed subject. */
const MAX_SUBJECT_LENGTH = 1024;

/**
 * The record's form of an artifact. Subjects and warnings are cut to the schema's bounds; the payload is complete.
 * @throws EvidenceError `PayloadTooLarge`
 */
export function toEvidenceArtifact(artifact: RecordedArtifact): EvidenceArtifact {
  const { payload, subjects, signature, warnings: allWarnings = [], ...fields } = artifact;
  const warnings = boundedWarnings(allWarnings);
  const recorded = {
    ...fields,
    payload: packPayload(payload),
    payloadDigest: payloadDigest(payload),
    subjects: subjects.slice(0, MAX_LISTED_SUBJECTS).map(subjectText),
    subjectCount: subjects.length,
    ...(signature === undefined ? {} : { signature: signature.toString('base64') }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
  packedHere.set(recorded, payload);
  return recorded;
}

/**
 * An artifact from the record's form. The payload is checked against the recorded digest, and the subjects are read from the payload:
 * the record's own list is cut. @throws EvidenceError `PayloadInvalid`, also for a payload that the record dropped, or `PayloadTooLarge`
 */
export function fromEvidenceArtifact(recorded: EvidenceArtifact): RecordedArtifact {
  const artifact = readBefore.get(recorded) ?? readArtifact(recorded);
  readBefore.set(recorded, artifact);
  return artifact;
}

function readArtifact(recorded: EvidenceArtifact): RecordedArtifact {
  const { policyGeneration } = recorded;
  const payload = packedHere.get(recorded) ?? unpacked(recorded);
  return {
    ...payloadlessFields(recorded),
    policyGeneration,
    payload,
    subjects: payloadSubjects(recorded.form, payload),
  };
}

/** A signed artifact as its record holds it, with or without its payload. @throws EvidenceError `PayloadInvalid` or `PayloadTooLarge` */
export function heldArtifact(recorded: EvidenceArtifact): SignedArtifact | PayloadlessArtifact {
  if (recorded.payload !== undefined) return requireSigned(fromEvidenceArtifact(recorded));
  return requireSigned({ ...payloadlessFields(recorded), payloadDigest: recorded.payloadDigest });
}

/** A signed artifact, with the payload that its record dropped. @throws EvidenceError `PayloadInvalid` when it is another payload */
export function withPayload(held: SignedArtifact | PayloadlessArtifact, payload: Buffer): SignedArtifact {
  if (held.payload !== undefined) return held;
  requireDigest(held, payload);
  return { ...held, payload, subjects: payloadSubjects(held.form, payload) };
}

function requireDigest(stated: { readonly name: string; readonly payloadDigest: string }, payload: Buffer): void {
  if (payloadDigest(payload) === stated.payloadDigest) return;
  const message = `payload of "${stated.name}" does not have the digest that the record states`;
  throw new EvidenceError('PayloadInvalid', message);
}

function payloadlessFields(recorded: EvidenceArtifact): Omit<Artifact, 'payload' | 'subjects'> {
  const { name, type, form, payloadType, warnings } = recorded;
  return {
    ...{ name, type, form, payloadType },
    ...(warnings === undefined ? {} : { warnings }),
    ...signatureFields(recorded),
  };
}

function unpacked(recorded: EvidenceArtifact): Buffer {
  const payload = unpackPayload(recorded.payload);
  requireDigest(recorded, payload);
  return payload;
}

function signatureFields(recorded: EvidenceArtifact): Partial<RecordedArtifact> {
  const { signature, keyID, publicKey, certificate, witnesses, logEntries, logFailure, timestamps } = recorded;
  return {
    ...(signature === undefined ? {} : { signature: Buffer.from(signature, 'base64') }),
    ...(keyID === undefined ? {} : { keyID }),
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(witnesses === undefined ? {} : { witnesses }),
    ...(logEntries === undefined ? {} : { logEntries }),
    ...(logFailure === undefined ? {} : { logFailure }),
    ...(timestamps === undefined ? {} : { timestamps }),
  };
}

/** @throws EvidenceError `PayloadInvalid` for an artifact without a signature */
export function requireSigned<Given extends Omit<Artifact, 'payload' | 'subjects'>>(
  artifact: Given,
): Given & Pick<SignedArtifact, 'signature' | 'keyID' | 'publicKey'> {
  const { signature, keyID, publicKey } = artifact;
  if (signature === undefined || keyID === undefined || publicKey === undefined) {
    throw new EvidenceError('PayloadInvalid', `"${artifact.name}" is not signed`);
  }
  return { ...artifact, signature, keyID, publicKey };
}

function subjectText(subject: Subject): string {
  return subjectTexts(subject)[0] ?? shortened(`${subject.name}@:`);
}

/** The subjects that a record lists, of which it may have cut off some. */
export function listedSubjects({ subjects = [] }: EvidenceArtifact): readonly Subject[] {
  return subjects.map((text) => {
    const [, name = text, algorithm = '', hex = ''] = /^(.*)@([^@:]*):([^@:]*)$/s.exec(text) ?? [];
    return { name, digest: { [algorithm]: hex } };
  });
}

/** The texts under which a record may list a subject: one for each of its digests. */
export function subjectTexts({ name, digest }: Subject): readonly string[] {
  return Object.entries(digest).map(([algorithm, hex]) => shortened(`${name}@${algorithm}:${hex}`));
}

function shortened(text: string): string {
  return text.length <= MAX_SUBJECT_LENGTH ? text : `${boundedText(text, MAX_SUBJECT_LENGTH - 1)}…`;
}
