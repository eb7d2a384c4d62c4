// SPDX-License-Identifier: Apache-2.0

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
