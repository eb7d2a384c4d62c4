// SPDX-License-Identifier: Apache-2.0

/** A part of a stream of documents that can be parsed by itself. */
export interface DocumentPart {
  /**
   * `Document`: a whole one. `Item`: one of a List, which is a part of its own so that a List of any length can be read. `Rest`: a List
   * without its items. `Unfinished`: JSON that the end of the stream cuts off.
   */
  readonly role: 'Document' | 'Item' | 'Rest' | 'Unfinished';
  readonly text: string;
  /** The line of the stream at which the text begins, from 1. */
  readonly line: number;
  /** Lines that are missing from the text of a rest. */
  readonly removed?: { readonly afterLine: number; readonly count: number };
}
