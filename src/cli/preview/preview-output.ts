// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../json/fields.ts';
import type { Subject } from '../../evidence/artifact.ts';
import { listOutput } from '../list-output.ts';
import type { PreviewedArtifact } from './preview-runs.ts';
import type { OutputFormat } from './preview-options.ts';
import { printable } from '../../runtime/printable.ts';

/** Formats the output of `hallmark preview` run by run. */
export interface PreviewOutput {
  readonly add: (found: readonly PreviewedArtifact[]) => string;
  /** Formats the end of the output, with a final line break. */
  readonly end: () => string;
}

/** Makes the output in a format. */
export async function previewOutput(format: OutputFormat): Promise<PreviewOutput> {
  if (format === 'text') return summaries();
  const list = await listOutput(format);
  return { add: (found) => list.add(found.map(entry)), end: list.end };
}

function summaries(): PreviewOutput {
  let isFirst = true;
  const add = (artifact: PreviewedArtifact): string => {
    const before = isFirst ? '' : '\n';
    isFirst = false;
    return `${before}${summary(artifact)}`;
  };
  return { add: (found) => found.map(add).join(''), end: () => '' };
}

function entry({ run, artifact }: PreviewedArtifact) {
  const { type, payloadType, payload, subjects, warnings = [] } = artifact;
  const noted = warnings.length === 0 ? {} : { warnings };
  return { run, type, payloadType, payload: payload.toString('utf8'), subjects, ...noted };
}

/** A summary for people: the subjects, the materials and the builder. */
function summary({ run, artifact }: PreviewedArtifact): string {
  const { type, payloadType, payload, subjects, warnings = [] } = artifact;
  const name = [run.namespace, run.name].filter((part) => part !== '').join('/');
  const statement: unknown = type === 'Attestation' ? JSON.parse(payload.toString('utf8')) : undefined;
  const lines = [
    `${run.kind} ${name}: ${type}`,
    `  payload: ${payloadType}, ${payload.length} bytes`,
    ...statementLines(statement),
    ...section('subjects', subjects.map(subjectLine)),
    ...section('materials', materials(statement)),
    ...section('warnings', warnings),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function statementLines(statement: unknown): readonly string[] {
  if (statement === undefined) return [];
  const predicate = field(statement, 'predicate');
  const definition = field(predicate, 'buildDefinition');
  const builder = field(field(predicate, 'runDetails'), 'builder') ?? field(predicate, 'builder');
  return [
    `  predicate: ${text(field(statement, 'predicateType'))}`,
    `  build type: ${text(field(definition, 'buildType') ?? field(predicate, 'buildType'))}`,
    `  builder: ${text(field(builder, 'id'))}`,
  ];
}

function materials(statement: unknown): readonly string[] {
  const predicate = field(statement, 'predicate');
  const dependencies = listField(field(predicate, 'buildDefinition'), 'resolvedDependencies');
  return [...dependencies, ...listField(predicate, 'materials')].map((material) => {
    const digest = field(material, 'digest');
    const digests = typeof digest === 'object' && digest !== null ? Object.entries(digest) : [];
    const shown = digests.map(([algorithm, hex]) => `${algorithm}:${text(hex)}`).join(', ');
    return [text(field(material, 'name')), text(field(material, 'uri')), shown].filter((part) => part !== '').join(' ');
  });
}

function subjectLine({ name, digest }: Subject): string {
  const digests = Object.entries(digest).map(([algorithm, hex]) => `${algorithm}:${hex}`);
  return `${name} ${digests.join(', ')}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [`  ${title}: none`] : [`  ${title}:`, ...lines.map((line) => `    ${line}`)];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
