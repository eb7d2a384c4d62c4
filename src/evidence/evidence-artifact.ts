// SPDX-License-Identifier: Apache-2.0
import { MAX_LISTED_SUBJECTS } from '../api/v1alpha1/provenance-record/evidence.ts';
import type { EvidenceArtifact } from '../api/v1alpha1/provenance-record/evidence.ts';
import { boundedWarnings } from '../api/v1alpha1/warning.ts';
import { boundedText } from '../runtime/bounded-text.ts';
import { EvidenceError } from './evidence-error.ts';
import { packPayload, unpackPayload } from './packed-payload.ts';
import { payloadDigest } from './payload-digest.ts';
import { payloadSubjects } from './payload-subjects.ts';
import type { SignedArtifact, Subject, Artifact } from './artifact.ts';

/** Bounds of the schema on what is listed for readers. */
const MAX_TEXT_LENGTH = 1024;

export interface EvidenceOptions {
  /** metadata.generation of the policy that the payload was made under. */
  readonly policyGeneration: number;
  readonly warnings?: readonly string[];
}

/**
 * An artifact as the record holds it, signed or not yet. Lists for readers are cut to the schema's bounds; the payload is
 * whole. @throws EvidenceError `PayloadTooLarge`
 */
export function toEvidenceArtifact(artifact: Artifact | SignedArtifact, options: EvidenceOptions): EvidenceArtifact {
  const warnings = boundedWarnings(options.warnings ?? []);
  return {
    name: artifact.name,
    type: artifact.type,
    form: artifact.form,
    payloadType: artifact.payloadType,
    payload: packPayload(artifact.payload),
    payloadDigest: payloadDigest(artifact.payload),
    subjects: artifact.subjects.slice(0, MAX_LISTED_SUBJECTS).map(subjectText),
    subjectCount: artifact.subjects.length,
    policyGeneration: options.policyGeneration,
    ...('signature' in artifact ? signatureFields(artifact) : {}),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

type SignatureParts = Pick<
  SignedArtifact,
  'signature' | 'keyID' | 'publicKey' | 'certificate' | 'logEntries' | 'timestamps'
>;

/** The signature's fields of an artifact that is in the record already, unsigned. */
export function signatureFields(
  parts: SignatureParts,
): Required<Pick<EvidenceArtifact, 'signature' | 'keyID' | 'publicKey'>> &
  Pick<EvidenceArtifact, 'certificate' | 'logEntries' | 'timestamps'> {
  return {
    signature: parts.signature.toString('base64'),
    keyID: parts.keyID,
    publicKey: parts.publicKey,
    ...witnessFields(parts),
  };
}

/** What is there of certificate, log entries and timestamps. */
function witnessFields<Parts extends Pick<SignatureParts, 'certificate' | 'logEntries' | 'timestamps'>>({
  certificate,
  logEntries,
  timestamps,
}: Parts): Pick<EvidenceArtifact, 'certificate' | 'logEntries' | 'timestamps'> {
  return {
    ...(certificate === undefined ? {} : { certificate }),
    ...(logEntries === undefined ? {} : { logEntries }),
    ...(timestamps === undefined ? {} : { timestamps }),
  };
}

/**
 * An artifact of the record whether signed or not, its payload checked against the digest beside it and its subjects read
 * from the payload. @throws EvidenceError `PayloadInvalid` or `PayloadTooLarge`
 */
export function unsignedFromEvidence(evidence: EvidenceArtifact): Artifact {
  const payload = unpackPayload(evidence.payload);
  if (payloadDigest(payload) !== evidence.payloadDigest) {
    throw new EvidenceError(
      'PayloadInvalid',
      `payload of "${evidence.name}" does not have the digest that the record states`,
    );
  }
  const { name, type, form, payloadType } = evidence;
  return { name, type, form, payloadType, payload, subjects: payloadSubjects(form, payload) };
}

/** The same for a signed one. @throws EvidenceError also when it carries no signature. */
export function fromEvidenceArtifact(evidence: EvidenceArtifact): SignedArtifact {
  const { signature, keyID, publicKey } = evidence;
  if (signature === undefined || keyID === undefined || publicKey === undefined) {
    throw new EvidenceError('PayloadInvalid', `"${evidence.name}" is not signed`);
  }
  return {
    ...unsignedFromEvidence(evidence),
    signature: Buffer.from(signature, 'base64'),
    keyID,
    publicKey,
    ...witnessFields(evidence),
  };
}

function subjectText(subject: Subject): string {
  return subjectTexts(subject)[0] ?? shortened(`${subject.name}@:`);
}

/** How a record may list a subject: by each of its digests. */
export function subjectTexts({ name, digest }: Subject): readonly string[] {
  return Object.entries(digest).map(([algorithm, hex]) => shortened(`${name}@${algorithm}:${hex}`));
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : `${boundedText(text, MAX_TEXT_LENGTH - 1)}…`;
}
