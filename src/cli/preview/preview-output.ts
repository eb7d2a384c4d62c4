// SPDX-License-Identifier: Apache-2.0
import { stringify } from 'yaml';
import { field, listField } from '../../json/fields.ts';
import type { Subject } from '../../provenance/statement.ts';
import type { PreviewedPayload } from './preview-runs.ts';
import { printable } from '../../runtime/printable.ts';

export const outputFormats = ['json', 'yaml', 'text'] as const;

export type OutputFormat = (typeof outputFormats)[number];

/** What `hallmark preview` prints, with a line feed at its end. */
export function previewOutput(found: readonly PreviewedPayload[], format: OutputFormat): string {
  if (format === 'text') return found.map(summary).join('\n');
  const entries = found.map(entry);
  return format === 'json' ? `${JSON.stringify(entries, undefined, 2)}\n` : stringify(entries, { lineWidth: 0 });
}

function entry({ run, payload, warnings }: PreviewedPayload) {
  const { type, payloadType, bytes, subjects } = payload;
  const said = warnings.length === 0 ? {} : { warnings };
  return { run, type, payloadType, payload: bytes.toString('utf8'), subjects, ...said };
}

/** A payload for the eye: what is attested, made from what, by whom. */
function summary({ run, payload, warnings }: PreviewedPayload): string {
  const { type, payloadType, bytes, subjects } = payload;
  const name = [run.namespace, run.name].filter((part) => part !== '').join('/');
  const statement: unknown = type === 'Attestation' ? JSON.parse(bytes.toString('utf8')) : undefined;
  const lines = [
    `${run.kind} ${name}: ${type}`,
    `  payload: ${payloadType}, ${bytes.length} bytes`,
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
