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
 * The images that a run gets image signatures for, each once: all that are subjects of a TaskRun in this format, under their
 * canonical names. A PipelineRun's are signed with the TaskRuns that built them.
 */
export function signedImages({ object }: FinishedRun, format: FormatName | 'None'): readonly ImageReference[] {
  if (object.kind !== 'TaskRun') return [];
  const found = imagesOf(object, format).map((image) => imageOfSubject(image.repository, image.digestHex) ?? image);
  return [...new Map(found.map((image) => [image.fullName, image])).values()];
}

function imagesOf(run: TaskRun, format: FormatName | 'None'): readonly ImageReference[] {
  const lists = [run.results, ...(readsSteps(format) ? run.steps.map((step) => step.results) : [])];
  return [...lists.flatMap((results) => resultImages(results, format)), ...nativeImages(run)];
}

/**
 * What results announce as an image, and outputs that are one by their URI. A build artifact such as `https://sbom.example/a.json`
 * passes for an image in the reference, which then fails to push its signature; here it is none.
 */
function resultImages(results: readonly NamedValue[], format: FormatName | 'None'): readonly ImageReference[] {
  const hinted = imageHints(results.filter(({ name }) => !name.endsWith('ARTIFACT_OUTPUTS')));
  const built = buildArtifacts(results).map(({ uri, rawDigest }) => imageOf(uri, rawDigest));
  const others = readsSteps(format)
    ? []
    : [...artifactOutputs(results), ...hintPairs(results, 'ARTIFACT_URI', 'ARTIFACT_DIGEST')];
  const named = others
    // Only a scheme tells an image from other artifacts there.
    .filter(({ uri }) => plainImageName(uri) !== uri)
    .map((place) => imageOf(place.uri, 'rawDigest' in place ? place.rawDigest : place.digest));
  return [...hinted, ...[...built, ...named].filter((image) => image !== undefined)];
}

function imageOf(uri: string, digest: string): ImageReference | undefined {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  return hex === undefined ? undefined : imageOfSubject(uri, hex);
}

/** True when results of steps make subjects. Without an attestation the images are those of the reference: results of tasks. */
export function readsSteps(format: FormatName | 'None'): boolean {
  return format === 'slsa/v2alpha4';
}
