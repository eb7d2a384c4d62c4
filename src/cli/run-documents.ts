// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { field, listField } from '../json/fields.ts';
import { parsePreciseJson } from '../json/precise-json.ts';

/** One object of a file with its place, for messages. */
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
 * Reads the objects of the given files in order, `-` being standard input. Files hold one or many documents of YAML or JSON. Lists are
 * taken apart, and empty documents left out. Integers beyond 2^53 become bigint. Rejects with an error that names an unreadable path.
 */
export async function readRunDocuments(
  paths: readonly string[],
  standardInput: NodeJS.ReadableStream,
): Promise<readonly (RunDocument | UnreadableRunDocument)[]> {
  const found: (RunDocument | UnreadableRunDocument)[] = [];
  for (const path of new Set(paths)) {
    const bytes = path === '-' ? await buffer(standardInput) : await fileBytes(path);
    found.push(...runDocuments(path === '-' ? 'stdin' : path, decodedText(bytes)));
  }
  return found;
}

/** Decodes UTF-8, or UTF-16 with a byte order mark, which PowerShell writes. */
function decodedText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}

async function fileBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new Error(`${path} ${isMissing ? 'does not exist' : 'cannot be read'}`, { cause: error });
  }
}

/** Reads the objects in one text. */
export function runDocuments(file: string, content: string): readonly (RunDocument | UnreadableRunDocument)[] {
  try {
    const json = jsonDocuments(content);
    if (Array.isArray(json)) return json.flatMap((value, index) => shallowDocuments(`${file}:${index + 1}`, value));
    const found = yamlDocuments(file, content);
    const isUnreadable = found.some((document) => 'syntaxError' in document);
    // Explain a text that begins as JSON as broken JSON.
    return isUnreadable && json instanceof SyntaxError
      ? [{ place: `${file}:1`, syntaxError: jsonProblem(json) }]
      : found;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ place: `${file}:1`, syntaxError: tooDeep }];
  }
}

const tooDeep = 'it is nested too deep to be read';

/** A value that is nested too deep does not prevent others from being read. */
function shallowDocuments(place: string, value: unknown): readonly (RunDocument | UnreadableRunDocument)[] {
  try {
    return documentsOf(place, value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ place, syntaxError: tooDeep }];
  }
}

function jsonProblem({ message }: SyntaxError): string {
  return `it is not JSON: ${firstLine(message)}; is the file complete?`;
}

/** Parses concatenated JSON values. Returns the error if the text begins as JSON, and undefined for other texts. */
function jsonDocuments(content: string): readonly unknown[] | SyntaxError | undefined {
  if (!/^\s*[{[]/.test(content)) return undefined;
  try {
    return splitJson(content).map(parsePreciseJson);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

/** Splits concatenated JSON objects and lists by counting brackets outside of strings. */
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
 * Parses YAML 1.2, in which a task can be named `n` and a parameter be `yes` without quotes. kubectl quotes such texts, so its output
 * reads the same in YAML 1.1.
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

/** YAML integers are parsed as bigint to avoid rounding. Those that a number holds exactly become numbers, as in JSON. */
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
