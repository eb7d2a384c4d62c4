// SPDX-License-Identifier: Apache-2.0
import { subjectProblems } from '../../verify/checks/check-payload.ts';
import { IMAGE_SIGNATURE_TYPE } from '../../verify/expectations.ts';
import type { VerificationCode, VerificationProblem } from '../../verify/verification-problem.ts';
import type { VerificationResult } from '../../verify/verification-result.ts';
import { verifyArtifact } from '../../verify/verify-artifact.ts';
import type { Evidence, EvidenceSet } from './evidence.ts';
import { DEFAULT_TYPES } from './requirements.ts';
import type { Requirements } from './requirements.ts';
import type { VerificationTrust } from './verification-trust.ts';

/** The criteria of one judgement. */
export interface Criteria extends Requirements {
  readonly trust: VerificationTrust;
}

/** The outcome for one signature. */
export interface EvidenceVerdict {
  readonly place: string;
  /** `PassedOver`: ignored, as another signer's or of a type that is not required. */
  readonly outcome: 'Verified' | 'Failed' | 'PassedOver';
  readonly result: VerificationResult;
}

export interface Judgement {
  readonly verified: boolean;
  readonly items: readonly EvidenceVerdict[];
  /** Requirements that the evidence as a whole does not meet. */
  readonly problems: readonly string[];
}

/** Problems that leave the signer unknown: it is not one of the trusted ones. */
const UNKNOWN_SIGNER: readonly VerificationCode[] = [
  'SignatureInvalid',
  'IdentityMismatch',
  'TrustMissing',
  'CertificateInvalid',
  'MaterialInvalid',
];

/**
 * Judges a set of evidence. Everything that a trusted signer signed must verify, and every required type and digest must be covered;
 * under the rule `Any`, evidence of other signers is ignored.
 */
export function judge({ items, rule }: EvidenceSet, criteria: Criteria): Judgement {
  const verdicts = items.map((item) => judgeItem(item, rule, criteria));
  const verified = verdicts.filter(({ outcome }) => outcome === 'Verified').map(({ result }) => result);
  const missing = criteria.types.filter((type) => !verified.some(({ predicateType }) => predicateType === type));
  const subjects = verified.flatMap(({ subjects }) => subjects);
  const problems = [
    ...(items.length === 0 ? ['there is no evidence'] : []),
    ...(items.length > 0 && verified.length === 0 ? ['none of the evidence verifies'] : []),
    ...missing.map((type) => `nothing of type ${type} verifies`),
    ...(verified.length === 0 ? [] : subjectProblems(subjects, criteria.subjects).map(({ message }) => message)),
  ];
  const isFailed = verdicts.some(({ outcome }) => outcome === 'Failed');
  return { verified: problems.length === 0 && !isFailed, items: verdicts, problems };
}

/**
 * An attestation must cover all required digests. An image signature covers one image, so it must cover one of them; the signatures of
 * the other images of a run are ignored.
 */
function judgeItem(
  { place, material, subjects }: Evidence,
  rule: EvidenceSet['rule'],
  criteria: Criteria,
): EvidenceVerdict {
  const { trust, types } = criteria;
  const predicateTypes = types.length > 0 ? types : DEFAULT_TYPES;
  const checked =
    'form' in material ? verifyArtifact(material, { ...trust, predicateTypes, subjects }) : unreadable(material);
  const missing = checked.predicateType === undefined ? [] : subjectProblems(checked.subjects, criteria.subjects);
  const isImageSignature = checked.predicateType === IMAGE_SIGNATURE_TYPE;
  if (missing.length === 0 || (isImageSignature && missing.length < criteria.subjects.length)) {
    return { place, outcome: outcomeOf(checked, rule, criteria), result: checked };
  }
  const result = { ...checked, verified: false, problems: [...checked.problems, ...missing] };
  const isOfOtherImage = isImageSignature && checked.verified;
  return { place, outcome: isOfOtherImage ? 'PassedOver' : outcomeOf(result, rule, criteria), result };
}

function outcomeOf(
  { verified, problems }: VerificationResult,
  rule: EvidenceSet['rule'],
  { types }: Criteria,
): EvidenceVerdict['outcome'] {
  if (verified) return 'Verified';
  const codes = problems.map(({ code }) => code);
  if (types.length > 0 && codes.includes('PredicateTypeMismatch')) return 'PassedOver';
  if (rule === 'All') return 'Failed';
  const isSignerUnknown = codes.some((code) => UNKNOWN_SIGNER.includes(code));
  // A sound attestation of a trusted signer, such as an SBOM.
  const isOtherType = codes.every((code) => code === 'PredicateTypeMismatch');
  return isSignerUnknown || isOtherType ? 'PassedOver' : 'Failed';
}

function unreadable(problem: VerificationProblem): VerificationResult {
  return { verified: false, problems: [problem], subjects: [], times: [], logIndexes: [], notes: [] };
}
