// SPDX-License-Identifier: Apache-2.0

const MAX_DEPTH = 8;

/** The error, its causes and the members of an AggregateError, outermost first. Empty when it is no Error. */
export function causesOf(error: unknown, depth = 0): readonly Error[] {
  if (!(error instanceof Error) || depth === MAX_DEPTH) return [];
  const members: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...[error.cause, ...members].flatMap((cause) => causesOf(cause, depth + 1))];
}
