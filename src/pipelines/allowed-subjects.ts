// SPDX-License-Identifier: Apache-2.0
import type { Subject } from '../evidence/signed-artifact.ts';
import { repositoryMatches } from './repository-glob.ts';

/**
 * The first subject whose name no glob takes, or undefined when all may be signed. An empty list of globs allows any.
 */
export function subjectOutside(globs: readonly string[], subjects: readonly Subject[]): string | undefined {
  if (globs.length === 0) return undefined;
  return subjects.find(({ name }) => !globs.some((glob) => repositoryMatches(glob, name)))?.name;
}
