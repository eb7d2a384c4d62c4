// SPDX-License-Identifier: Apache-2.0

/** Variables of the operator's own environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The first of the variables that is set to something: Vault's tools and OpenBao's call the same thing by two names. */
export function environmentValue(environment: Environment, names: readonly string[]): string | undefined {
  return names.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
}
