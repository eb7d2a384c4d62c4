// SPDX-License-Identifier: Apache-2.0
import { goTrim } from '../go/go-text.ts';
import { hintPairs } from './hint-pairs.ts';
import { parseImageReference } from '../images/image-reference.ts';
import type { ImageReference } from '../images/image-reference.ts';
import { buildArtifacts } from './object-hints.ts';
import { textPart } from '../param-value.ts';
import type { NamedValue } from '../run.ts';

/**
 * List the distinct images that results name: `*IMAGE_URL` with `*IMAGE_DIGEST`, then `IMAGES`, then
 * `*ARTIFACT_OUTPUTS` marked as build artifacts. Values that are not images are skipped.
 */
export function imageHints(results: readonly NamedValue[]): readonly ImageReference[] {
  const images = new Map<string, ImageReference>();
  for (const name of imageNames(results)) {
    const image = parseImageReference(name);
    if (image !== undefined && !images.has(image.fullName)) images.set(image.fullName, image);
  }
  return [...images.values()];
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
