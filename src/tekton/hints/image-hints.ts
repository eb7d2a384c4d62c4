// SPDX-License-Identifier: Apache-2.0
import { goTrim } from '../go/go-text.ts';
import { hintPairs } from './hint-pairs.ts';
import { parseImageReference } from '../images/image-reference.ts';
import type { ImageReference } from '../images/image-reference.ts';
import { buildArtifacts } from './object-hints.ts';
import { textPart } from '../param-value.ts';
import type { NamedValue } from '../run.ts';

/**
 * The distinct images that results name: `*IMAGE_URL` with `*IMAGE_DIGEST`, then `IMAGES`, then `*ARTIFACT_OUTPUTS` marked
 * as build artifact. What is no image is skipped.
 */
export function imageHints(results: readonly NamedValue[]): readonly ImageReference[] {
  const found = new Map<string, ImageReference>();
  for (const name of imageNames(results)) {
    const image = parseImageReference(name);
    if (image !== undefined && !found.has(image.fullName)) found.set(image.fullName, image);
  }
  return [...found.values()];
}

function imageNames(results: readonly NamedValue[]): readonly string[] {
  const pairs = hintPairs(results, 'IMAGE_URL', 'IMAGE_DIGEST');
  const lists = results.filter(({ name }) => name === 'IMAGES');
  return [
    ...pairs.map(({ uri, digest }) => `${uri}@${digest}`),
    ...lists.flatMap(({ value }) => textPart(value).split(/[\n,]/).map(goTrim)),
    ...buildArtifacts(results).map(({ uri, rawDigest }) => `${uri}@${rawDigest}`),
  ];
}
