// SPDX-License-Identifier: Apache-2.0

/** A fixed fault, as source edits that bring it back. */
export interface Fault {
  readonly name: string;
  readonly edits: readonly {
    /** Path under `src/`. */
    readonly file: string;
    /** Must occur exactly once in the file. */
    readonly from: string;
    readonly to: string;
  }[];
}
