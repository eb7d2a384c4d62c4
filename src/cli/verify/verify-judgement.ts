// SPDX-License-Identifier: Apache-2.0
import { subjectProblems } from '../../verify/checks/check-payload.ts';
import { IMAGE_SIGNATURE_TYPE } from '../../verify/expectations.ts';
import type { VerificationCode, VerificationProblem } from '../../verify/verification-problem.ts';
import type { VerificationResult } from '../../verify/verification-result.ts';
import { verifyArtifact } from '../../verify/verify-artifact.ts';
import type { Evidence, EvidenceSet } from './verify-evidence.ts';
import type { Trust } from './verify-expectations.ts';
import { DEFAULT_TYPES } from './verify-expectations.ts';

/** What was asked for. */
export interface Question {
  readonly trust: Trust;
  /** Predicate types of which there must be one each; empty takes what Hallmark signs. */
  readonly types: readonly string[];
  /** Digests that something must be about, each. */
  readonly subjects: readonly Readonly<Record<string, string>>[];
}

/** One signature, judged. */
export interface Judged {
  readonly place: string;
  /** `PassedOver`: somebody else's, or of a type that was not asked for. */
  readonly outcome: 'Verified' | 'Failed' | 'PassedOver';
  readonly result: VerificationResult;
}

export interface Judgement {
  readonly verified: boolean;
  readonly items: readonly Judged[];
  /** What is missing on the whole. */
  readonly problems: readonly string[];
}

/** By whom it is signed is unknown: not by one of those who count. */
const SOMEBODY_ELSES: readonly VerificationCode[] = [
  'SignatureInvalid',
  'IdentityMismatch',
  'TrustMissing',
  'CertificateInvalid',
  'MaterialInvalid',
];

/**
 * Judges all that was found. Whatever was signed by one who counts must hold, and there must be something of each type and about each
 * digest that was asked for; what others put beside it counts for nothing, where others can.
 */
export function judge({ items, rule }: EvidenceSet, question: Question): Judgement {
  const judged = items.map((item) => judgeItem(item, rule, question));
  const verified = judged.filter(({ outcome }) => outcome === 'Verified').map(({ result }) => result);
  const missing = question.types.filter((type) => !verified.some(({ predicateType }) => predicateType === type));
  const about = verified.flatMap(({ subjects }) => subjects);
  const problems = [
    ...(items.length === 0 ? ['there is no evidence'] : []),
    ...(items.length > 0 && verified.length === 0 ? ['nothing that was found verifies'] : []),
    ...missing.map((type) => `nothing of type ${type} verifies`),
    ...(verified.length === 0 ? [] : subjectProblems(about, question.subjects).map(({ message }) => message)),
  ];
  const isFailed = judged.some(({ outcome }) => outcome === 'Failed');
  return { verified: problems.length === 0 && !isFailed, items: judged, problems };
}

/**
 * An attestation must be about all that was asked for. The signature of an image, which is about that alone, must be about one of them;
 * one of another image, of a run that built many, is not what was asked for.
 */
function judgeItem({ place, material, subjects }: Evidence, rule: EvidenceSet['rule'], question: Question): Judged {
  const { trust, types } = question;
  const predicateTypes = types.length > 0 ? types : DEFAULT_TYPES;
  const found =
    'form' in material ? verifyArtifact(material, { ...trust, predicateTypes, subjects }) : unreadable(material);
  const missing = found.predicateType === undefined ? [] : subjectProblems(found.subjects, question.subjects);
  const isOfImage = found.predicateType === IMAGE_SIGNATURE_TYPE;
  if (missing.length === 0 || (isOfImage && missing.length < question.subjects.length)) {
    return { place, outcome: outcomeOf(found, rule, question), result: found };
  }
  const result = { ...found, verified: false, problems: [...found.problems, ...missing] };
  const isOfOtherImage = isOfImage && found.verified;
  return { place, outcome: isOfOtherImage ? 'PassedOver' : outcomeOf(result, rule, question), result };
}

function outcomeOf(
  { verified, problems }: VerificationResult,
  rule: EvidenceSet['rule'],
  { types }: Question,
): Judged['outcome'] {
  if (verified) return 'Verified';
  const codes = problems.map(({ code }) => code);
  if (types.length > 0 && codes.includes('PredicateTypeMismatch')) return 'PassedOver';
  if (rule === 'All') return 'Failed';
  const isSomebodyElses = codes.some((code) => SOMEBODY_ELSES.includes(code));
  // Of one who counts, and sound: an SBOM, say.
  const isSomethingElse = codes.every((code) => code === 'PredicateTypeMismatch');
  return isSomebodyElses || isSomethingElse ? 'PassedOver' : 'Failed';
}

function unreadable(problem: VerificationProblem): VerificationResult {
  return { verified: false, problems: [problem], subjects: [], times: [], logIndexes: [], notes: [] };
}
