// SPDX-License-Identifier: Apache-2.0

/** A fault that was mended, as the edits of today's sources that bring it back. */
export interface Fault {
  readonly name: string;
  readonly edits: readonly {
    /** Below `src/`. */
    readonly file: string;
    /** Occurs once in the file. */
    readonly from: string;
    readonly to: string;
  }[];
}
