// SPDX-License-Identifier: Apache-2.0
import type { VerificationResult } from '../../verify/verification-result.ts';
import { printable } from '../../runtime/printable.ts';
import type { EvidenceVerdict, Judgement } from './judgement.ts';

/** Formats the output of `hallmark verify -o json`. @param image the verified image by its digest */
export function judgementJson({ verified, items, problems }: Judgement, image?: string): string {
  const artifacts = items.map(({ place, outcome, result }) => ({
    place,
    outcome,
    ...(result.signer === undefined ? {} : { signer: result.signer }),
    ...(result.predicateType === undefined ? {} : { predicateType: result.predicateType }),
    subjects: result.subjects,
    times: result.times.map(({ source, time }) => ({ source, time: time.toISOString() })),
    logIndexes: result.logIndexes,
    problems: result.problems,
    notes: result.notes,
  }));
  return JSON.stringify({ verified, ...(image === undefined ? {} : { image }), problems, artifacts }, undefined, 2);
}

/** Formats the JSON output of a command that could not judge anything. */
export function failureJson(problem: string): string {
  return judgementJson({ verified: false, items: [], problems: [problem] });
}

/** Formats the output for people. */
export function judgementText({ verified, items, problems }: Judgement, image?: string): string {
  const header = image === undefined ? [] : [`image ${image}`];
  const lines = [...header, ...items.flatMap(itemLines), ...problems, verified ? 'verified' : 'NOT VERIFIED'];
  return lines.map(printable).join('\n');
}

const words = { Verified: 'verified', Failed: 'NOT VERIFIED', PassedOver: 'ignored' } as const;

function itemLines({ place, outcome, result }: EvidenceVerdict): readonly string[] {
  return [
    `${place}: ${words[outcome]}`,
    ...signerLines(result),
    ...result.times.map(({ source, time }) => `  signed before ${time.toISOString()}, by a ${sources[source]}`),
    ...(result.logIndexes.length === 0 ? [] : [`  in the transparency log at ${result.logIndexes.join(', ')}`]),
    ...(outcome === 'Verified' ? payloadLines(result) : []),
    ...result.problems.map(({ code, message }) => `  ${code}: ${message}`),
    ...result.notes.map((note) => `  note: ${note}`),
  ];
}

const sources = { TransparencyLog: 'transparency log', TimestampAuthority: 'timestamp authority' } as const;
const MAX_SUBJECTS = 10;

function signerLines({ signer }: VerificationResult): readonly string[] {
  switch (signer?.type) {
    case 'Key':
      return [`  signed by key ${signer.keyID}`];
    case 'Certificate':
      return [`  signed by ${signer.identity}, certified by ${signer.issuer}`];
    case undefined:
      return [];
  }
}

function payloadLines({ predicateType = '', subjects }: VerificationResult): readonly string[] {
  const listed = subjects.slice(0, MAX_SUBJECTS).map(({ name, digest }) => {
    const digests = Object.entries(digest).map(([algorithm, hex]) => `${algorithm}:${hex}`);
    return `  subject: ${name}@${digests.join(' ')}`;
  });
  const more = subjects.length - listed.length;
  return [`  predicate: ${predicateType}`, ...listed, ...(more > 0 ? [`  and ${more} more`] : [])];
}
