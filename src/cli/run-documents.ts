// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { field, listField } from '../api/v1alpha1/field.ts';
import { parsePreciseJson } from '../runtime/precise-json.ts';

/** One object of a file; `place` says where it stands, for messages. */
export interface RunDocument {
  readonly place: string;
  readonly value: unknown;
}

/** A document that cannot be read at all. */
export interface UnreadableRunDocument {
  readonly place: string;
  readonly syntaxError: string;
}

/**
 * The objects of the given files in order, `-` being standard input. Files hold YAML or JSON, one or many documents; Lists are
 * taken apart and empty documents left out. Integers beyond 2^53 come as bigint.
 *
 * Rejects with an error that names a path which cannot be read.
 */
export async function readRunDocuments(
  paths: readonly string[],
  standardInput: NodeJS.ReadableStream,
): Promise<readonly (RunDocument | UnreadableRunDocument)[]> {
  const found: (RunDocument | UnreadableRunDocument)[] = [];
  for (const path of new Set(paths)) {
    const content = path === '-' ? await text(standardInput) : await fileText(path);
    found.push(...runDocuments(path === '-' ? 'stdin' : path, content));
  }
  return found;
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new Error(`${path} ${isMissing ? 'does not exist' : 'cannot be read'}`, { cause: error });
  }
}

/** The objects in one text. */
export function runDocuments(file: string, content: string): readonly (RunDocument | UnreadableRunDocument)[] {
  const json = jsonDocuments(content);
  if (json === undefined) return yamlDocuments(file, content);
  return json.flatMap((value, index) => documentsOf(`${file}:${index + 1}`, value));
}

/** One JSON value after another; undefined when the text is not just that. */
function jsonDocuments(content: string): readonly unknown[] | undefined {
  if (!/^\s*[{[]/.test(content)) return undefined;
  try {
    return splitJson(content).map(parsePreciseJson);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Cuts concatenated JSON objects and lists apart, by counting brackets outside of texts. */
function splitJson(content: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of content.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/gs)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    if (depth === 0 && token.length === 1) {
      parts.push(content.slice(start, index + 1));
      start = index + 1;
    }
  }
  const rest = content.slice(start);
  return rest.trim() === '' ? parts : [...parts, rest];
}

/**
 * YAML 1.2, in which a task may be named `n` and a parameter have the value `yes` without quotes. What kubectl prints quotes
 * such texts, so it reads the same either way.
 */
function yamlDocuments(file: string, content: string): readonly (RunDocument | UnreadableRunDocument)[] {
  const parsed = parseAllDocuments(content, { intAsBigInt: true, merge: true, uniqueKeys: true, logLevel: 'silent' });
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((document, index): readonly (RunDocument | UnreadableRunDocument)[] => {
    const place = `${file}:${index + 1}`;
    const [error] = document.errors;
    if (error !== undefined) return [{ place, syntaxError: firstLine(error.message) }];
    try {
      return documentsOf(place, document.toJS({ maxAliasCount: 1000, reviver: safeNumber }));
    } catch (tooMany) {
      return [{ place, syntaxError: firstLine(tooMany instanceof Error ? tooMany.message : String(tooMany)) }];
    }
  });
}

/** YAML's integers are read as bigint so that none is rounded; those that a number holds exactly become one, as in JSON. */
function safeNumber(_key: unknown, value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function documentsOf(place: string, value: unknown): readonly RunDocument[] {
  if (value === null || value === undefined) return [];
  const kind = field(value, 'kind');
  const isList = typeof kind === 'string' && kind.endsWith('List');
  const items = isList ? listField(value, 'items') : value;
  return Array.isArray(items) ? items.flatMap((item: unknown) => documentsOf(place, item)) : [{ place, value }];
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/:$/, '') ?? '';
}
