// SPDX-License-Identifier: Apache-2.0
import { StringDecoder } from 'node:string_decoder';
import type { DocumentPart } from './document-part.ts';
import { PartText } from './part-text.ts';

const MARKER = /^---(?:\s|$)/;
const ITEMS_KEY = /^items:\s*(?:#.*)?$/;
const ENTRY = /^( *)-(?:\s|$)/;
const BLANK = /^\s*(?:#.*)?$/;
/** Lines of which at least one is a directive, such as `%YAML 1.2`. They belong to the document that follows. */
const DIRECTIVES = /^(?:\s*(?:#.*)?\n|%.*\n)*%.*\n(?:\s*(?:#.*)?\n|%.*\n)*$/;
const MAX_DIRECTIVES = 4096;

/** The position in a document: `Before` its items, after their `Key`, among the `Items` or `After` them. */
type State = 'Before' | 'Key' | 'Items' | 'After';

/**
 * Splits a stream of YAML into its documents at lines of `---`, and a List whose `items` are a block of its top level into the items. YAML
 * allows neither a line of `---` within a document nor a line of an item that is indented less than the item.
 */
export class YamlSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #document = new PartText();
  readonly #item = new PartText();
  /** A line that goes on in the next piece. */
  readonly #openLine = new PartText();
  #parts: DocumentPart[] = [];
  #state: State = 'Before';
  #itemIndent = 0;
  #line: number;
  #documentLine: number;
  #itemLine = 1;
  #itemsLine = 1;
  #removedLines = 0;

  /** @param line the number of the first line */
  constructor(line = 1) {
    this.#line = line;
    this.#documentLine = line;
  }

  /** @returns the parts that end in this piece @throws DocumentTooLargeError */
  push(piece: Uint8Array): readonly DocumentPart[] {
    this.#parts = [];
    const text = this.#decoder.write(piece);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#openLine.addText(text.slice(start, end + 1));
      this.#takeLine(this.#openLine.take());
      start = end + 1;
    }
    this.#openLine.addText(text.slice(start));
    return this.#parts;
  }

  /** Returns the last parts of the stream. */
  end(): readonly DocumentPart[] {
    this.#parts = [];
    this.#openLine.addText(this.#decoder.end());
    if (!this.#openLine.isEmpty) this.#takeLine(this.#openLine.take());
    this.#endDocument();
    return this.#parts;
  }

  #takeLine(line: string): void {
    if (line.startsWith('---') && MARKER.test(line)) {
      this.#endDocument();
      this.#document.addText(line);
    } else if (this.#state === 'Key' || this.#state === 'Items') this.#takeListLine(line);
    else {
      if (this.#state === 'Before' && line.startsWith('items:') && ITEMS_KEY.test(line)) this.#state = 'Key';
      this.#document.addText(line);
    }
    this.#line++;
  }

  #takeListLine(line: string): void {
    const entryIndent = ENTRY.exec(line)?.[1]?.length;
    if (this.#state === 'Key' && entryIndent !== undefined) {
      this.#state = 'Items';
      this.#itemIndent = entryIndent;
      this.#itemsLine = this.#line;
    }
    if (this.#state === 'Items' && entryIndent === this.#itemIndent) {
      this.#endItem();
      this.#itemLine = this.#line;
      // Without its dash, an item is a document that is indented.
      this.#item.addText(`${line.slice(0, entryIndent)} ${line.slice(entryIndent + 1)}`);
    } else if (this.#state === 'Items' && this.#isInItem(line)) this.#item.addText(line);
    else {
      if (!BLANK.test(line)) this.#endItems();
      this.#document.addText(line);
    }
  }

  #isInItem(line: string): boolean {
    const indent = this.#itemIndent + 1;
    return line.startsWith(' '.repeat(indent)) || BLANK.test(line);
  }

  #endItem(): void {
    if (!this.#item.isEmpty) this.#parts.push({ role: 'Item', text: this.#item.take(), line: this.#itemLine });
  }

  #endItems(): void {
    this.#endItem();
    if (this.#state === 'Items') this.#removedLines = this.#line - this.#itemsLine;
    this.#state = 'After';
  }

  #endDocument(): void {
    this.#endItems();
    const text = this.#document.take();
    const isList = this.#removedLines > 0;
    if (!isList && text.length < MAX_DIRECTIVES && DIRECTIVES.test(text)) this.#document.addText(text);
    else {
      const part = { text, line: this.#documentLine };
      const removed = { afterLine: this.#itemsLine - this.#documentLine, count: this.#removedLines };
      if (isList) this.#parts.push({ ...part, role: 'Rest', removed });
      else if (text !== '') this.#parts.push({ ...part, role: 'Document' });
      this.#documentLine = this.#line;
    }
    this.#state = 'Before';
    this.#removedLines = 0;
  }
}
