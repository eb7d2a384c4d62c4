// SPDX-License-Identifier: Apache-2.0
import type { Subject } from '../../evidence/artifact.ts';
import { imageOfSubject, plainImageName } from '../../tekton/images/image-name.ts';
import { globMatches } from './glob.ts';

/**
 * The first subject whose name no glob takes, or undefined when all may be signed. An empty list of globs allows any.
 */
export function subjectOutside(globs: readonly string[], subjects: readonly Subject[]): string | undefined {
  if (globs.length === 0) return undefined;
  return subjects.find((subject) => !globs.some((glob) => globMatches(glob, placeOf(subject))))?.name;
}

/** The name as it is written, or the canonical name of the image in a URI such as `oci://…`, since evidence goes there. */
function placeOf({ name, digest }: Subject): string {
  const image = plainImageName(name) === name ? undefined : imageOfSubject(name, digest['sha256'] ?? '');
  return image?.repository ?? name;
}
