// SPDX-License-Identifier: Apache-2.0
import type { FinishedRun } from '../tekton/finished-run.ts';
import type { Subject } from '../evidence/artifact.ts';
import type { Encodable } from '../tekton/go/encode-json.ts';
import { structJson } from '../tekton/go/encode-json.ts';

/** An in-toto statement before it is encoded. */
export interface Statement {
  readonly type: string;
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: Encodable;
}

export interface FormattedStatement {
  readonly statement: Statement;
  /** Omissions of the statement and their causes, one sentence each. */
  readonly warnings: readonly string[];
}

export interface FormatOptions {
  readonly builderID: string;
  /** One of buildTypes; only the SLSA 1.0 formats use it. */
  readonly buildType: string;
  /** Include the subjects, inputs and by-products of a PipelineRun's TaskRuns. */
  readonly deepInspection: boolean;
  /** Names of parameters whose values must not appear. */
  readonly redactParameters: readonly string[];
}

export type FormatName = 'slsa/v1' | 'in-toto' | 'slsa/v2alpha3' | 'slsa/v2alpha4';

/** Build the statement of one format. @throws PayloadError when the run cannot be attested */
export type ProvenanceFormat = (run: FinishedRun, options: FormatOptions) => FormattedStatement;

export const statementPayloadType = 'application/vnd.in-toto+json';

/**
 * Encode a statement as protobuf's JSON: the top-level members in the order of the message, everything below sorted, no
 * blanks, empty members left out.
 */
export function statementBytes({ type, subjects, predicateType, predicate }: Statement): Buffer {
  const written = subjects.map(({ name, digest }) => {
    const members = [
      ...(name === '' ? [] : [`"name":${structJson(name)}`]),
      ...(Object.keys(digest).length === 0 ? [] : [`"digest":${structJson(digest)}`]),
    ];
    return `{${members.join(',')}}`;
  });
  const subject = written.length === 0 ? '' : `"subject":[${written.join(',')}],`;
  return Buffer.from(
    `{"_type":${structJson(type)},${subject}"predicateType":${structJson(predicateType)},"predicate":${structJson(predicate)}}`,
  );
}
