// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { statedSubjects } from '../../evidence/payload-subjects.ts';
import type { Subject } from '../../evidence/artifact.ts';
import { IMAGE_SIGNATURE_TYPE } from '../expectations.ts';
import type { Expectations } from '../expectations.ts';
import { SIMPLE_SIGNING_TYPE, STATEMENT_TYPE } from '../material/material.ts';
import type { Material } from '../material/material.ts';
import { strictJson } from '../strict-json.ts';
import type { VerificationProblem } from '../verification-problem.ts';
import { VerificationFailure } from '../verification-failure.ts';

const statement = Compile(
  Type.Object({
    _type: Type.Union([
      Type.Literal('https://in-toto.io/Statement/v1'),
      Type.Literal('https://in-toto.io/Statement/v0.1'),
    ]),
    predicateType: Type.String({ minLength: 1 }),
  }),
);
const simpleSigning = Compile(
  Type.Object({
    critical: Type.Object({
      type: Type.Union([Type.Literal('cosign container image signature'), Type.Literal('atomic container signature')]),
    }),
  }),
);

/** The content of a payload. */
export interface PayloadFacts {
  readonly predicateType: string;
  readonly subjects: readonly Subject[];
}

/** Reads predicate type and subjects of a payload. @throws VerificationFailure if it does not match its type exactly */
export function readPayload({ form, payloadType, payload }: Material): PayloadFacts {
  const wanted = form === 'Raw' ? SIMPLE_SIGNING_TYPE : STATEMENT_TYPE;
  if (payloadType !== wanted) {
    throw new VerificationFailure(
      'PayloadTypeMismatch',
      `the payload type is "${payloadType}" and must be "${wanted}"`,
    );
  }
  const value = strictJson(payload, 'the payload', 'PayloadInvalid');
  const predicateType = form === 'Raw' ? simpleSigningType(value) : statementType(value);
  try {
    const subjects = statedSubjects(form === 'Raw' ? 'SimpleSigning' : 'InTotoStatement', value);
    return { predicateType, subjects };
  } catch (error) {
    throw invalid('the subjects of the payload cannot be read', error);
  }
}

/** Lists the expectations that a payload does not meet. */
export function payloadProblems(
  { predicateType, subjects }: PayloadFacts,
  expectations: Pick<Expectations, 'predicateTypes' | 'subjects'>,
): readonly VerificationProblem[] {
  const problems: VerificationProblem[] = [];
  if (!expectations.predicateTypes.includes(predicateType)) {
    const wanted = expectations.predicateTypes.join(' or ');
    const message = `the predicate type is "${predicateType}" and must be ${wanted}`;
    problems.push({ code: 'PredicateTypeMismatch', message });
  }
  return [...problems, ...subjectProblems(subjects, expectations.subjects)];
}

/** Returns one problem for each digest that is not among the subjects. */
export function subjectProblems(
  subjects: readonly Subject[],
  wanted: Expectations['subjects'],
): readonly VerificationProblem[] {
  const missing = wanted.filter(
    (one) => Object.keys(one).length === 0 || !subjects.some(({ digest }) => isDigest(one, digest)),
  );
  const present = subjects.map(({ digest }) => digestText(digest)).join(', ') || 'none';
  return missing.map((one) => ({
    code: 'SubjectMismatch',
    message: `${digestText(one)} is not among the subjects (${present})`,
  }));
}

function isDigest(wanted: Subject['digest'], digest: Subject['digest']): boolean {
  return Object.entries(wanted).every(
    ([algorithm, hex]) => Object.hasOwn(digest, algorithm) && digest[algorithm] === hex,
  );
}

function digestText(digest: Subject['digest']): string {
  return Object.entries(digest)
    .map(([algorithm, hex]) => `${algorithm}:${hex}`)
    .join(' ');
}

function statementType(value: unknown): string {
  if (statement.Check(value)) return value.predicateType;
  throw invalid('the payload is not an in-toto statement of a known version');
}

function simpleSigningType(value: unknown): string {
  if (simpleSigning.Check(value)) return IMAGE_SIGNATURE_TYPE;
  throw invalid('the payload is not a simple signing of an image');
}

function invalid(message: string, cause?: unknown): VerificationFailure {
  return new VerificationFailure('PayloadInvalid', message, { cause });
}
