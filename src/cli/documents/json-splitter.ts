// SPDX-License-Identifier: Apache-2.0
import { PartText } from './part-text.ts';
import type { DocumentPart } from './document-part.ts';

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DASH = 0x2d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACES: readonly number[] = [0x20, 0x09, 0x0d, NEWLINE];
const ITEMS_KEY = 'items';
/** Stands for a removed item in the rest of its List, which so stays JSON. */
const PLACEHOLDER = 'null';

/**
 * Splits a stream of JSON values into documents, and Lists into their items, by counting brackets outside of strings. Values may follow
 * each other directly, or after a line of `---`.
 */
export class JsonSplitter {
  readonly #document = new PartText();
  readonly #item = new PartText();
  #parts: DocumentPart[] = [];
  #piece: Uint8Array = new Uint8Array();
  /** The first byte of the piece that is in no part yet. */
  #start = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** The beginning of the last string at the top level of an object: the key, where a list begins. */
  #key = '';
  /** The depth of the list whose items are parts; 0 outside of one. */
  #itemsDepth = 0;
  #hasItems = false;
  #line: number;
  #documentLine = 1;
  #itemLine = 1;
  /** Dashes since the last document. */
  #dashes = 0;

  /** @param line the number of the first line */
  constructor(line = 1) {
    this.#line = line;
  }

  /** The line of what follows the last piece, or of its foreign remainder. */
  get line(): number {
    return this.#line;
  }

  /**
   * @returns the parts that end in this piece and, where the stream goes on with something else than JSON, the remainder
   * @throws DocumentTooLargeError
   */
  push(piece: Uint8Array): { readonly parts: readonly DocumentPart[]; readonly foreign?: Uint8Array } {
    this.#parts = [];
    this.#piece = piece;
    this.#start = 0;
    for (let index = 0; index < piece.length; index++) {
      if (this.#isInString) index = this.#endOfString(index);
      else if (!this.#take(piece[index] ?? 0, index)) return { parts: this.#parts, foreign: this.#foreign(index) };
    }
    if (this.#depth > 0) (this.#isInItem ? this.#item : this.#document).add(piece.subarray(this.#start));
    return { parts: this.#parts };
  }

  /** Returns the last part of a stream that ends within a value. */
  end(): readonly DocumentPart[] {
    if (this.#depth === 0) return [];
    const text = this.#document.take() + this.#item.take();
    return [{ role: 'Unfinished', text, line: this.#documentLine }];
  }

  get #isInItem(): boolean {
    return this.#itemsDepth > 0 && this.#depth > this.#itemsDepth;
  }

  /** Takes a byte outside of strings. @returns false for one that no JSON has there */
  #take(byte: number, index: number): boolean {
    switch (byte) {
      case NEWLINE:
        this.#line++;
        return true;
      case OPEN_OBJECT:
      case OPEN_LIST:
        this.#open(byte, index);
        return true;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        if (this.#depth === 0) return false;
        this.#close(index);
        return true;
      case QUOTE:
        if (this.#depth === 0) return false;
        this.#isInString = true;
        this.#key = '';
        return true;
      default:
        if (this.#depth > 0 || SPACES.includes(byte)) return true;
        return byte === DASH && ++this.#dashes <= 3;
    }
  }

  /** Reads a string up to its end, or that of the piece. @returns the index of its last byte */
  #endOfString(from: number): number {
    const piece = this.#piece;
    let index = from;
    for (; index < piece.length; index++) {
      const byte = piece[index];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#isInString = false;
        break;
      }
    }
    if (this.#depth === 1 && this.#key.length <= ITEMS_KEY.length) {
      this.#key += Buffer.from(piece.subarray(from, Math.min(index, from + ITEMS_KEY.length + 1))).toString('latin1');
    }
    return index;
  }

  #open(byte: number, index: number): void {
    if (this.#depth === 0) {
      this.#documentLine = this.#line;
      this.#start = index;
      this.#dashes = 0;
      this.#hasItems = false;
      this.#itemsDepth = byte === OPEN_LIST ? 1 : 0;
    } else if (this.#depth === this.#itemsDepth) {
      this.#document.add(this.#upTo(index));
      this.#itemLine = this.#line;
    } else if (this.#depth === 1 && byte === OPEN_LIST && this.#key === ITEMS_KEY) this.#itemsDepth = 2;
    this.#depth++;
  }

  #close(index: number): void {
    this.#depth--;
    if (this.#depth === 0) {
      this.#document.add(this.#upTo(index + 1));
      const role = this.#hasItems ? 'Rest' : 'Document';
      this.#parts.push({ role, text: this.#document.take(), line: this.#documentLine });
    } else if (this.#depth === this.#itemsDepth) {
      this.#item.add(this.#upTo(index + 1));
      this.#parts.push({ role: 'Item', text: this.#item.take(), line: this.#itemLine });
      this.#document.addText(PLACEHOLDER);
      this.#hasItems = true;
    } else if (this.#depth < this.#itemsDepth) this.#itemsDepth = 0;
  }

  /** Returns the bytes from the last part up to an index. */
  #upTo(index: number): Uint8Array {
    const bytes = this.#piece.subarray(this.#start, index);
    this.#start = index;
    return bytes;
  }

  #foreign(index: number): Uint8Array {
    const dashes = '-'.repeat(Math.min(this.#dashes, 3));
    const marker = dashes === '' ? '' : dashes === '---' ? '---\n' : `${dashes} `;
    return Buffer.concat([Buffer.from(marker), this.#piece.subarray(index)]);
  }
}
