// SPDX-License-Identifier: Apache-2.0
import { StringDecoder } from 'node:string_decoder';

/** The most bytes of one document. The API server stores no object above 1.5 MiB, and Lists are read item by item. */
export const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024;

/** A document that is too large to be held. */
export class DocumentTooLargeError extends Error {
  constructor() {
    super(`it is larger than ${MAX_DOCUMENT_BYTES / 1024 / 1024} MiB, so nothing from there on is read`);
    this.name = 'DocumentTooLargeError';
  }
}

/** Collects the text of one part of a stream, piece by piece of its UTF-8. Pieces are not kept. */
export class PartText {
  readonly #decoder = new StringDecoder('utf8');
  #text = '';
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** @throws DocumentTooLargeError */
  add(piece: Uint8Array): void {
    this.#grow(piece.length);
    this.#text += this.#decoder.write(piece);
  }

  /** Adds text that is decoded already. @throws DocumentTooLargeError */
  addText(text: string): void {
    this.#grow(text.length);
    this.#text += text;
  }

  /** Returns everything collected, and starts anew. */
  take(): string {
    const text = this.#text + this.#decoder.end();
    this.#text = '';
    this.#size = 0;
    return text;
  }

  #grow(length: number): void {
    this.#size += length;
    if (this.#size > MAX_DOCUMENT_BYTES) throw new DocumentTooLargeError();
  }
}
