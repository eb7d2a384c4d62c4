// SPDX-License-Identifier: Apache-2.0
import { globMatches } from '../selection/glob.ts';

/** The globs of a ceiling as they hold in a namespace. */
export function globsIn(namespace: string, globs: readonly string[]): readonly string[] {
  return globs.map((glob) => glob.replaceAll('{namespace}', namespace));
}

/** `field is value, and allowed are a, b`: an excess in words. */
export function excessOf(field: string, value: string, allowed: readonly string[]): string {
  return `${field} is ${value}, and ${allowed.length === 0 ? 'none is allowed' : `allowed are ${allowed.join(', ')}`}`;
}

/** Says that a value exceeds globs; undefined when one takes it, or there is no bound. */
export function globExcess(field: string, value: string, globs: readonly string[] | undefined): string | undefined {
  if (globs === undefined || globs.some((glob) => globMatches(glob, value))) return undefined;
  return excessOf(field, value, globs);
}

/** Says that a host exceeds globs, which take it with its port or without. */
export function hostExcess(field: string, host: string, globs: readonly string[] | undefined): string | undefined {
  const withPort = host.toLowerCase();
  const names = [withPort, withPort.replace(/:\d+$/, '')];
  if (globs === undefined) return undefined;
  const isTaken = globs.some((glob) => names.some((name) => globMatches(glob.toLowerCase(), name)));
  return isTaken ? undefined : excessOf(field, host, globs);
}
