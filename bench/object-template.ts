// SPDX-License-Identifier: Apache-2.0
import { canonicalJson } from '../src/json/canonical-json.ts';

/** Text that all objects have, or the index of one in which they differ. */
type Piece = string | number;

/** Writes objects that differ in a few texts alone, in a fraction of the time that each takes by itself. */
export class ObjectTemplate {
  readonly #pieces: readonly Piece[];

  /**
   * @param sample one such object
   * @param texts its texts that differ, each of which stands nowhere for another reason
   */
  constructor(sample: unknown, texts: readonly string[]) {
    let pieces: readonly Piece[] = [canonicalJson(sample)];
    for (const [place, text] of texts.entries())
      pieces = pieces.flatMap((piece) => (typeof piece === 'number' ? [piece] : cut(piece, text, place)));
    this.#pieces = pieces;
  }

  /** The canonical JSON of the object with other texts, given in the order of the sample's. */
  write(texts: readonly string[]): string {
    let written = '';
    for (const piece of this.#pieces) written += typeof piece === 'string' ? piece : JSON.stringify(texts[piece]);
    return written;
  }
}

/** Puts the place of a text where the text stands. */
function cut(json: string, text: string, place: number): readonly Piece[] {
  return json
    .split(JSON.stringify(text))
    .flatMap((piece, index): readonly Piece[] => (index === 0 ? [piece] : [place, piece]));
}
