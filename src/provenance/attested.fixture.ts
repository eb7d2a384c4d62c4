// SPDX-License-Identifier: Apache-2.0
/** Attest a run in tests: the parsed statement, its subjects and its warnings. */
import { field, isObject, listField } from '../json/fields.ts';
import { finishedRun } from '../tekton/finished-run.ts';
import type { FinishedRunOptions } from '../tekton/finished-run.ts';
import { payloads } from './payloads.ts';
import { slsaBuildType } from './slsa-v1/build-type.ts';
import type { Subject } from '../evidence/artifact.ts';
import type { FormatName, FormatOptions } from './statement.ts';

export interface Attested {
  readonly text: string;
  readonly predicate: unknown;
  readonly subjects: readonly Subject[];
  readonly warnings: readonly string[];
}

export interface AttestedOptions extends Partial<FormatOptions>, FinishedRunOptions {
  readonly format?: FormatName;
  readonly children?: readonly unknown[];
}

export function attested(object: unknown, options: AttestedOptions = {}): Attested {
  const { format = 'slsa/v2alpha4', children = [], matchBy = 'Name', ...rest } = options;
  const run = finishedRun(isObject(object) ? { kind: 'TaskRun', ...object } : object, children, { matchBy });
  const defaults = { builderID: 'b', buildType: slsaBuildType, deepInspection: false, redactParameters: [] };
  const [artifact] = payloads(run, { attestation: { format, ...defaults, ...rest }, imageSignatureFormats: [] });
  if (artifact === undefined) throw new Error('no attestation');
  const text = artifact.payload.toString('utf8');
  const statement: unknown = JSON.parse(text);
  return {
    text,
    predicate: field(statement, 'predicate'),
    subjects: artifact.subjects,
    warnings: artifact.warnings ?? [],
  };
}

/** The resolvedDependencies of a SLSA 1.0 predicate or the materials of a SLSA 0.2 one. */
export function materialsOf({ predicate }: Attested): readonly unknown[] {
  return [
    ...listField(field(predicate, 'buildDefinition'), 'resolvedDependencies'),
    ...listField(predicate, 'materials'),
  ];
}

/** The by-products of a SLSA 1.0 predicate as name and decoded content. */
export function byProductsOf({ predicate }: Attested): readonly (readonly [string, unknown])[] {
  return listField(field(predicate, 'runDetails'), 'byproducts').map((byProduct) => {
    const content = Buffer.from(String(field(byProduct, 'content')), 'base64').toString('utf8');
    return [String(field(byProduct, 'name')), JSON.parse(content)] as const;
  });
}
