// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import { field, listField } from '../../json/fields.ts';
import type { Subject } from '../../evidence/artifact.ts';
import type { PreviewedArtifact } from './preview-runs.ts';
import { printable } from '../../runtime/printable.ts';

export const outputFormats = ['json', 'yaml', 'text'] as const;

export type OutputFormat = (typeof outputFormats)[number];

/** Formats the output of `hallmark preview`, with a final line break. */
export function previewOutput(found: readonly PreviewedArtifact[], format: OutputFormat): string {
  if (format === 'text') return found.map(summary).join('\n');
  const entries = found.map(entry);
  return format === 'json' ? `${JSON.stringify(entries, undefined, 2)}\n` : stringify(entries, { lineWidth: 0 });
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
