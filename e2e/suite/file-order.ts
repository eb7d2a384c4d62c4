// SPDX-License-Identifier: Apache-2.0

/** The facts that decide the order of end-to-end files. */
export interface FileTraits {
  readonly file: string;
  /** The recorded duration; undefined for a new file. */
  readonly seconds: number | undefined;
  /** The place of its kind of control plane among all: control planes change from one kind to the next at little cost. Undefined without one. */
  readonly plane: number | undefined;
  /** The number of servers that are built before the last one that it needs and that is not there yet; 0 if all are there. */
  readonly waitsFor: number;
}

/** Seconds assumed for a file without a record: long enough that it does not come last. */
export const unknownSeconds = 30;

/**
 * Files whose servers are there come first; then those with the same kind of control plane together, so that each control plane
 * changes seldom; then the longest, so that none of them is left running alone at the end. Files without a control plane, which compute
 * where the others wait, are spread evenly among these.
 */
export function fileOrder(files: readonly FileTraits[]): readonly string[] {
  const compare = (one: FileTraits, other: FileTraits): number =>
    (one.plane ?? Infinity) - (other.plane ?? Infinity) ||
    seconds(other) - seconds(one) ||
    one.file.localeCompare(other.file);
  const order = files.toSorted(compare);
  const stages = [...new Set(files.map(({ waitsFor }) => waitsFor))].toSorted((one, other) => one - other);
  return stages.flatMap((stage) => spread(order.filter(({ waitsFor }) => waitsFor === stage))).map(({ file }) => file);
}

/** Merges the files with and without a control plane, so that each part of the order holds the same share of both. */
function spread(files: readonly FileTraits[]): readonly FileTraits[] {
  const [without, others] = [true, false].map((isWithout) =>
    sharesBefore(files.filter(({ plane }) => (plane === undefined) === isWithout)),
  );
  const share = (file: FileTraits): number => without?.get(file) ?? others?.get(file) ?? 0;
  return files.toSorted((one, other) => share(one) - share(other));
}

/** The share of the time of all these files that has passed when each begins. */
function sharesBefore(files: readonly FileTraits[]): ReadonlyMap<FileTraits, number> {
  const total = files.reduce((sum, file) => sum + seconds(file), 0);
  let before = 0;
  return new Map(
    files.map((file) => {
      const entry = [file, before / total] as const;
      before += seconds(file);
      return entry;
    }),
  );
}

function seconds({ seconds: known }: FileTraits): number {
  return known ?? unknownSeconds;
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
