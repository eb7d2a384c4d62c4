// SPDX-License-Identifier: Apache-2.0

/** Returns true when an unknown error is a system error with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
