// SPDX-License-Identifier: Apache-2.0
import type { VerificationCode, VerificationProblem } from '../verify/verification-problem.ts';
import type { VerificationResult } from '../verify/verification-result.ts';
import { verifyArtifact } from '../verify/verify-artifact.ts';
import type { Evidence, EvidenceSet } from './verify-evidence.ts';
import type { Trust } from './verify-expectations.ts';
import { DEFAULT_TYPES } from './verify-expectations.ts';

/** What was asked for. */
export interface Question {
  readonly trust: Trust;
  /** Predicate types of which there must be one each; empty takes what Hallmark signs. */
  readonly types: readonly string[];
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
 * Judges all that was found. Whatever was signed by one who counts must hold, and there must be something of each type that was asked
 * for; what others put beside it counts for nothing, where others can.
 */
export function judge({ items, rule }: EvidenceSet, question: Question): Judgement {
  const judged = items.map((item) => judgeItem(item, rule, question));
  const verified = judged.filter(({ outcome }) => outcome === 'Verified');
  const missing = question.types.filter((type) => !verified.some(({ result }) => result.predicateType === type));
  const problems = [
    ...(items.length === 0 ? ['there is no evidence'] : []),
    ...(items.length > 0 && verified.length === 0 ? ['nothing that was found verifies'] : []),
    ...missing.map((type) => `nothing of type ${type} verifies`),
  ];
  const isFailed = judged.some(({ outcome }) => outcome === 'Failed');
  return { verified: problems.length === 0 && !isFailed, items: judged, problems };
}

function judgeItem({ place, material, subjects }: Evidence, rule: EvidenceSet['rule'], question: Question): Judged {
  const { trust, types } = question;
  const predicateTypes = types.length > 0 ? types : DEFAULT_TYPES;
  const result =
    'form' in material
      ? verifyArtifact(material, { ...trust, predicateTypes, subjects: [...question.subjects, ...subjects] })
      : unreadable(material);
  if (result.verified) return { place, outcome: 'Verified', result };
  const codes = result.problems.map(({ code }) => code);
  const isOfOtherType = types.length > 0 && codes.includes('PredicateTypeMismatch');
  const isSomebodyElses = rule === 'Any' && codes.some((code) => SOMEBODY_ELSES.includes(code));
  return { place, outcome: isOfOtherType || isSomebodyElses ? 'PassedOver' : 'Failed', result };
}

function unreadable(problem: VerificationProblem): VerificationResult {
  return { verified: false, problems: [problem], subjects: [], times: [], logIndexes: [], notes: [] };
}
