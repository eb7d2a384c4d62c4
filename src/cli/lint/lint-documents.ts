// SPDX-License-Identifier: Apache-2.0
import { isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node, type Tags } from 'yaml';
import { field, listField } from '../../json/fields.ts';

/** One object of a file. `number` counts the documents of the file from 1; items of a List share their document's number. */
export interface LintDocument {
  readonly file: string;
  readonly number: number;
  readonly value: unknown;
  /** Returns the line of a field, such as `spec.backendRefs[0].name`, or of the innermost one around it that the file has. */
  readonly lineOf: (path: string) => number;
}

/** A document that cannot be read at all. */
export interface UnreadableDocument {
  readonly file: string;
  readonly number: number;
  readonly line: number;
  readonly syntaxError: string;
}

interface Place {
  readonly file: string;
  readonly number: number;
}

/**
 * Reads the objects in a file of YAML or JSON as kubectl does: YAML 1.1 (`yes` is true), but without its timestamps and numbers to the
 * base of 60. Empty documents are left out, and Lists are taken apart.
 */
export function lintDocuments(file: string, text: string): readonly (LintDocument | UnreadableDocument)[] {
  const lineCounter = new LineCounter();
  const parsed = parseAllDocuments(text, {
    version: '1.1',
    customTags: withoutTimes,
    uniqueKeys: true,
    logLevel: 'silent',
    lineCounter,
  });
  if (!Array.isArray(parsed)) return [];
  const lineAt = (offset: number): number => Math.max(1, lineCounter.linePos(offset).line);
  return parsed.flatMap((document, index) => objectsIn(document, { file, number: index + 1 }, lineAt));
}

function objectsIn(
  document: Document.Parsed,
  place: Place,
  lineAt: (offset: number) => number,
): readonly (LintDocument | UnreadableDocument)[] {
  const root = document.contents;
  const line = lineAt(root?.range[0] ?? document.range[0]);
  const [error] = document.errors;
  if (error !== undefined) return [{ ...place, line: lineAt(error.pos[0]), syntaxError: firstLine(error.message) }];
  try {
    const value: unknown = document.toJS({ maxAliasCount: 1000 });
    if (value === null || value === undefined) return [];
    const items = itemsOf(value);
    return (items ?? [value]).map((item, index) => {
      const base = items === undefined ? '' : `items[${index}]`;
      return { ...place, value: item, lineOf: (path) => lineAt(offsetOf(root, [...steps(base), ...steps(path)])) };
    });
  } catch (cause) {
    // Aliases are resolved only now: one can name nothing, or a tower of them could fill the memory.
    return [{ ...place, line, syntaxError: cause instanceof Error ? firstLine(cause.message) : String(cause) }];
  }
}

function steps(path: string): readonly string[] {
  return path.split(/[.[\]]+/).filter((step) => step !== '');
}

/** Follows a path down to the innermost node that exists. */
function offsetOf(root: Node | null, path: readonly string[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === step) : undefined;
    const next: unknown = isSeq(node) ? node.items[Number(step)] : pair?.value;
    const start = pair?.key ?? next;
    if (start === undefined || start === null) break;
    offset = rangeStart(start) ?? offset;
    node = next;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}

const withoutTimes = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === 'string' || (tag.format !== 'TIME' && tag.tag !== 'tag:yaml.org,2002:timestamp'));

function itemsOf(value: unknown): readonly unknown[] | undefined {
  const kind = field(value, 'kind');
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(field(value, 'items'));
  return isList ? listField(value, 'items') : undefined;
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/:$/, '') ?? '';
}
