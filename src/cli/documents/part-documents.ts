// SPDX-License-Identifier: Apache-2.0
import type { Document } from 'yaml';
import { field, listField } from '../../json/fields.ts';
import { parsePreciseJson } from '../../json/precise-json.ts';
import type { DocumentPart } from './document-part.ts';
import type { RunDocument, UnreadableRunDocument } from './run-document.ts';

type Read = RunDocument | UnreadableRunDocument;

const TOO_DEEP = 'it is nested too deep to be read';
const MAX_ALIASES = 1000;

/** Parses the parts of one file in order, and counts its documents. */
export class PartDocuments {
  readonly #file: string;
  #count = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** The place of the document that is being read. */
  get place(): string {
    return `${this.#file}:${this.#count + 1}`;
  }

  /** Parses a part. Empty documents are left out, and nested Lists are taken apart. */
  async parse(part: DocumentPart): Promise<readonly Read[]> {
    const { place } = this;
    try {
      return await this.#parse(part);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (part.role !== 'Item' && this.place === place) this.#count++;
      return [{ place, syntaxError: TOO_DEEP }];
    }
  }

  async #parse(part: DocumentPart): Promise<readonly Read[]> {
    const json = jsonValue(part);
    if (json !== undefined && 'value' in json) return this.#documents(part, json.value);
    const documents = await yamlDocuments(part.text);
    const found = documents.map((document) => this.#yamlDocument(part, document));
    const isUnreadable = found.some((read) => read.some((document) => 'syntaxError' in document));
    // Explain a text that begins as JSON as broken JSON.
    if (json === undefined || !isUnreadable) return found.flat();
    const [first] = found.flat();
    return [{ place: first?.place ?? this.place, syntaxError: jsonProblem(json.error, part) }];
  }

  #yamlDocument(part: DocumentPart, document: Document.Parsed): readonly Read[] {
    const [error] = document.errors;
    if (error !== undefined) {
      const syntaxError = `${firstLine(error.message)} ${placeIn(part, error.pos[0])}`;
      return [{ place: this.#next(part), syntaxError }];
    }
    const reviver = mayHoldBigInteger(part.text) ? { reviver: safeNumber } : {};
    try {
      return this.#documents(part, document.toJS({ maxAliasCount: MAX_ALIASES, ...reviver }));
    } catch (tooMany) {
      if (tooMany instanceof RangeError) throw tooMany;
      return [{ place: this.#next(part), syntaxError: firstLine(tooMany instanceof Error ? tooMany.message : '') }];
    }
  }

  #documents(part: DocumentPart, value: unknown): readonly Read[] {
    const place = this.#next(part);
    if (part.role !== 'Rest' || Array.isArray(value) || isList(value)) return documentsOf(place, value);
    return [{ place, syntaxError: 'it has items, but its kind is no List' }];
  }

  /** Returns the place of a document, and goes on to the next. Items are in the document of their List. */
  #next({ role }: DocumentPart): string {
    const { place } = this;
    if (role !== 'Item') this.#count++;
    return place;
  }
}

/** Parses a text that begins as JSON. Returns undefined for other texts. */
function jsonValue({ text }: DocumentPart): { readonly value: unknown } | { readonly error: SyntaxError } | undefined {
  const content = /^(?:---\s+)?[{[]/.test(text) ? text.replace(/^---/, '   ') : undefined;
  if (content === undefined) return undefined;
  try {
    return { value: parsePreciseJson(content) };
  } catch (error) {
    if (error instanceof SyntaxError) return { error };
    throw error;
  }
}

/**
 * Parses YAML 1.2, in which a task can be named `n` and a parameter be `yes` without quotes. kubectl quotes such texts, so its output
 * reads the same in YAML 1.1. The first YAML loads the package.
 */
async function yamlDocuments(text: string): Promise<readonly Document.Parsed[]> {
  const { default: yaml } = await import('yaml');
  const settings = { merge: true, uniqueKeys: true, logLevel: 'silent', prettyErrors: false } as const;
  const parsed = yaml.parseAllDocuments(text, { ...settings, intAsBigInt: mayHoldBigInteger(text) });
  return Array.isArray(parsed) ? parsed : [];
}

/** Most documents hold no integer beyond 2^53, and parsing each one as bigint takes longer. */
function mayHoldBigInteger(text: string): boolean {
  return /[0-9]{16}|0[ox]/.test(text);
}

/** Integers that a number holds exactly become numbers, as in JSON. */
function safeNumber(_key: unknown, value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function documentsOf(place: string, value: unknown): readonly RunDocument[] {
  if (value === null || value === undefined) return [];
  const items = isList(value) ? listField(value, 'items') : value;
  return Array.isArray(items) ? items.flatMap((item: unknown) => documentsOf(place, item)) : [{ place, value }];
}

function isList(value: unknown): boolean {
  const kind = field(value, 'kind');
  return typeof kind === 'string' && kind.endsWith('List');
}

function jsonProblem({ message }: SyntaxError, { line }: DocumentPart): string {
  const [first = ''] = message.split('\n');
  const [, problem, within = '1', column = '1'] =
    /^(.*?)(?: in JSON)? at position \d+ \(line (\d+) column (\d+)\)$/.exec(first) ?? [];
  const place = problem === undefined ? `from line ${line}` : `at line ${line + Number(within) - 1}, column ${column}`;
  return `it is not JSON: ${problem ?? first} ${place}; is the file complete?`;
}

/** Returns the line and column of a character, counted in the whole file. */
function placeIn({ text, line, removed }: DocumentPart, offset: number): string {
  const before = text.slice(0, offset);
  const lines = before.split('\n').length;
  const skipped = removed !== undefined && lines > removed.afterLine ? removed.count : 0;
  return `at line ${line + lines - 1 + skipped}, column ${offset - before.lastIndexOf('\n')}`;
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? '';
}
