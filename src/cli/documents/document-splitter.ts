// SPDX-License-Identifier: Apache-2.0
import type { DocumentPart } from './document-part.ts';
import { JsonSplitter } from './json-splitter.ts';
import { YamlSplitter } from './yaml-splitter.ts';

const NEWLINE = 0x0a;
const SPACES: readonly number[] = [0x20, 0x09, 0x0d, NEWLINE];
const BRACKETS: readonly (number | undefined)[] = [0x5b, 0x7b];

/** Splits a stream of JSON or YAML into documents, and Lists into their items. A stream that begins with a bracket is JSON. */
export class DocumentSplitter {
  /** Lines of white space before the first character. */
  #blankLines = 0;
  #json: JsonSplitter | undefined;
  #yaml: YamlSplitter | undefined;

  /** @returns the parts that end in this piece of UTF-8 @throws DocumentTooLargeError */
  push(piece: Uint8Array): readonly DocumentPart[] {
    if (this.#yaml !== undefined) return this.#yaml.push(piece);
    if (this.#json !== undefined) return this.#pushJson(this.#json, piece);
    const start = piece.findIndex((byte) => !SPACES.includes(byte));
    const blank = start < 0 ? piece : piece.subarray(0, start);
    this.#blankLines += blank.reduce((lines, byte) => (byte === NEWLINE ? lines + 1 : lines), 0);
    if (start < 0) return [];
    const first = piece.subarray(start);
    if (BRACKETS.includes(first[0])) this.#json = new JsonSplitter(this.#blankLines + 1);
    else this.#yaml = new YamlSplitter(this.#blankLines + 1);
    // The first line of YAML keeps its indentation.
    return this.push(this.#yaml === undefined ? first : piece.subarray(blank.lastIndexOf(NEWLINE) + 1));
  }

  /** Returns the last parts. */
  end(): readonly DocumentPart[] {
    return (this.#yaml ?? this.#json)?.end() ?? [];
  }

  #pushJson(json: JsonSplitter, piece: Uint8Array): readonly DocumentPart[] {
    const { parts, foreign } = json.push(piece);
    if (foreign === undefined) return parts;
    this.#yaml = new YamlSplitter(json.line);
    return [...parts, ...this.#yaml.push(foreign)];
  }
}
