// SPDX-License-Identifier: Apache-2.0
import type { FinishedRun } from '../tekton/finished-run.ts';
import { hintPairs } from '../tekton/hints/hint-pairs.ts';
import { imageHints } from '../tekton/hints/image-hints.ts';
import { imageOfSubject, plainImageName } from '../tekton/images/image-name.ts';
import type { ImageReference } from '../tekton/images/image-reference.ts';
import { artifactOutputs, buildArtifacts } from '../tekton/hints/object-hints.ts';
import type { NamedValue, TaskRun } from '../tekton/run.ts';
import { nativeImages } from './native-artifacts.ts';
import type { FormatName } from './statement.ts';

/**
 * List the images to sign for a run, each once: all subjects of a TaskRun in this format that are images, under their
 * canonical names. The images of a PipelineRun are signed with the TaskRuns that built them.
 */
export function signedImages({ object }: FinishedRun, format: FormatName | 'None'): readonly ImageReference[] {
  if (object.kind !== 'TaskRun') return [];
  const images = imagesOf(object, format).map((image) => imageOfSubject(image.repository, image.digestHex) ?? image);
  return [...new Map(images.map((image) => [image.fullName, image])).values()];
}

function imagesOf(run: TaskRun, format: FormatName | 'None'): readonly ImageReference[] {
  const lists = [run.results, ...(readsSteps(format) ? run.steps.map((step) => step.results) : [])];
  return [...lists.flatMap((results) => resultImages(results, format)), ...nativeImages(run)];
}

/**
 * List the images that results announce, and outputs that are images by their URI. The reference takes a build artifact
 * such as `https://sbom.example/a.json` for an image and then fails to push its signature; here it is not one.
 */
function resultImages(results: readonly NamedValue[], format: FormatName | 'None'): readonly ImageReference[] {
  const hinted = imageHints(results.filter(({ name }) => !name.endsWith('ARTIFACT_OUTPUTS')));
  const built = buildArtifacts(results).map(({ uri, rawDigest }) => imageOf(uri, rawDigest));
  const others = readsSteps(format)
    ? []
    : [...artifactOutputs(results), ...hintPairs(results, 'ARTIFACT_URI', 'ARTIFACT_DIGEST')];
  const named = others
    // Only a scheme distinguishes an image from other artifacts here.
    .filter(({ uri }) => plainImageName(uri) !== uri)
    .map((place) => imageOf(place.uri, 'rawDigest' in place ? place.rawDigest : place.digest));
  return [...hinted, ...[...built, ...named].filter((image) => image !== undefined)];
}

function imageOf(uri: string, digest: string): ImageReference | undefined {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  return hex === undefined ? undefined : imageOfSubject(uri, hex);
}

/**
 * True when results of steps make subjects. Without an attestation the images are those of the reference: results of
 * tasks.
 */
export function readsSteps(format: FormatName | 'None'): boolean {
  return format === 'slsa/v2alpha4';
}
