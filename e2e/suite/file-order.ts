// SPDX-License-Identifier: Apache-2.0

/** The facts that decide the order of end-to-end files. */
export interface FileTraits {
  readonly file: string;
  /** The recorded duration; undefined for a new file. */
  readonly seconds: number | undefined;
  /** The place of its kind of control plane among all: control planes change from one kind to the next at little cost. */
  readonly plane: number;
  /** The number of servers that are built before the last one that it needs and that is not there yet; 0 if all are there. */
  readonly waitsFor: number;
}

/** Seconds assumed for a file without a record: long enough that it does not come last. */
export const unknownSeconds = 30;

/**
 * Files whose servers are there come first; then those with the same kind of control plane together, so that each control plane
 * changes seldom; then the longest, so that none of them is left running alone at the end.
 */
export function fileOrder(files: readonly FileTraits[]): readonly string[] {
  const seconds = ({ seconds: known }: FileTraits): number => known ?? unknownSeconds;
  const compare = (one: FileTraits, other: FileTraits): number =>
    one.waitsFor - other.waitsFor ||
    one.plane - other.plane ||
    seconds(other) - seconds(one) ||
    one.file.localeCompare(other.file);
  return files.toSorted(compare).map(({ file }) => file);
}

/** The files in an order that the seed alone determines (Fisher and Yates, with the generator of Park and Miller). */
export function shuffled(files: readonly string[], seed: number): readonly string[] {
  let state = (seed % 2_147_483_646) + 1;
  const next = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  // Neighbouring seeds begin with neighbouring numbers.
  for (let warm = 0; warm < 10; warm += 1) next(1);
  const rest = files.toSorted();
  const order: string[] = [];
  while (rest.length > 0) order.push(...rest.splice(next(rest.length), 1));
  return order;
}
