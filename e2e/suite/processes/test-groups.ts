// SPDX-License-Identifier: Apache-2.0
import { shuffled } from '../file-order.ts';

/** The name of a file that needs a process of its own: it measures memory, or changes what all modules share. */
const isolated = /\.isolated\.test\.ts$/;
/** Seconds assumed for a file without a record. */
const unknownSeconds = 0.5;

export interface GroupOptions {
  readonly groups: number;
  /** The recorded seconds of each file. */
  readonly expected: ReadonlyMap<string, number>;
  readonly seed: number | undefined;
}

/**
 * Test files that share a process, in the order in which they run; the group that takes longest comes first. A seed alone
 * determines the groups and their order.
 */
export function testGroups(files: readonly string[], options: GroupOptions): readonly (readonly string[])[] {
  const { groups, expected, seed } = options;
  const seconds = (file: string): number => expected.get(file) ?? unknownSeconds;
  const longestFirst = (one: string, other: string): number =>
    seconds(other) - seconds(one) || one.localeCompare(other);
  const order = seed === undefined ? files.toSorted(longestFirst) : shuffled(files, seed);
  const alone = order.filter((file) => isolated.test(file)).map((file) => ({ files: [file], seconds: seconds(file) }));
  const shared = Array.from({ length: groups }, () => ({ files: new Array<string>(), seconds: 0 }));
  for (const file of order.filter((path) => !isolated.test(path))) {
    const lightest = shared.reduce((one, other) => (other.seconds < one.seconds ? other : one));
    lightest.files.push(file);
    lightest.seconds += seconds(file);
  }
  const all = [...shared.filter((group) => group.files.length > 0), ...alone];
  if (seed === undefined) all.sort((one, other) => other.seconds - one.seconds);
  return all.map((group) => group.files);
}
