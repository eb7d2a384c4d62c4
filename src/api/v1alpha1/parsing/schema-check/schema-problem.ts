// SPDX-License-Identifier: Apache-2.0

/** A part of a value that its schema refuses. */
export interface SchemaProblem {
  /** The keyword of the schema that refuses it. */
  readonly keyword: string;
  /** The argument of that keyword. */
  readonly argument: unknown;
  /** The way from the value that was checked to the part: names of fields, and indexes of entries. */
  readonly tokens: readonly string[];
  readonly message: string;
  /** The part itself. */
  readonly value: unknown;
}

/** Lists the problems of a value. It never throws. */
export type SchemaCheck = (value: unknown) => readonly SchemaProblem[];

/** The problems of a value that has none. */
export const noProblems: readonly SchemaProblem[] = [];

/** A check with one requirement. */
export function requirement(
  keyword: string,
  argument: unknown,
  holds: (value: unknown) => boolean,
  message: string,
): SchemaCheck {
  return (value) => (holds(value) ? noProblems : [{ keyword, argument, tokens: [], message, value }]);
}

/** Says of the problems of a part where it is in the whole. */
export function within(token: string, problems: readonly SchemaProblem[]): readonly SchemaProblem[] {
  return problems.map((problem) => ({ ...problem, tokens: [token, ...problem.tokens] }));
}

/** The problems of two checks. Most values have none, and then no list is made. */
export function both(some: readonly SchemaProblem[], others: readonly SchemaProblem[]): readonly SchemaProblem[] {
  if (others.length === 0) return some;
  return some.length === 0 ? others : [...some, ...others];
}

/** The problems that any of these checks lists. */
export function allOf(checks: readonly SchemaCheck[]): SchemaCheck {
  const [only] = checks;
  if (only !== undefined && checks.length === 1) return only;
  return (value) => {
    let problems = noProblems;
    for (const check of checks) {
      const found = check(value);
      if (found.length > 0) problems = both(problems, found);
    }
    return problems;
  };
}
