// SPDX-License-Identifier: Apache-2.0
import { parseAllDocuments, type Document, type Tags } from 'yaml';
import { field, listField } from '../../json/fields.ts';

/** One object of a file. `number` counts the documents of the file from 1; items of a List share their document's number. */
export interface LintDocument {
  readonly file: string;
  readonly number: number;
  readonly value: unknown;
}

/** A document that cannot be read at all. */
export interface UnreadableDocument {
  readonly file: string;
  readonly number: number;
  readonly syntaxError: string;
}

/**
 * The objects in a file of YAML or JSON, read as kubectl reads it: YAML 1.1 (`yes` is true), without its timestamps and numbers to
 * the base of 60, empty documents left out, and Lists taken apart.
 */
export function lintDocuments(file: string, text: string): readonly (LintDocument | UnreadableDocument)[] {
  const parsed = parseAllDocuments(text, {
    version: '1.1',
    customTags: withoutTimes,
    uniqueKeys: true,
    logLevel: 'silent',
  });
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((document, index) => objectsOf(document, { file, number: index + 1 }));
}

function objectsOf(
  document: Document.Parsed,
  place: { readonly file: string; readonly number: number },
): readonly (LintDocument | UnreadableDocument)[] {
  const [error] = document.errors;
  if (error !== undefined) return [{ ...place, syntaxError: firstLine(error.message) }];
  try {
    const value: unknown = document.toJS({ maxAliasCount: 1000 });
    return value === null || value === undefined ? [] : itemsOf(value).map((item) => ({ ...place, value: item }));
  } catch (cause) {
    // Aliases are resolved only now: one that names nothing, or a tower of them that would fill the memory.
    return [{ ...place, syntaxError: cause instanceof Error ? firstLine(cause.message) : String(cause) }];
  }
}

const withoutTimes = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === 'string' || (tag.format !== 'TIME' && tag.tag !== 'tag:yaml.org,2002:timestamp'));

function itemsOf(value: unknown): readonly unknown[] {
  const kind = field(value, 'kind');
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(field(value, 'items'));
  return isList ? listField(value, 'items') : [value];
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/:$/, '') ?? '';
}
