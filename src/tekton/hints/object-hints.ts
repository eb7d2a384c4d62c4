// SPDX-License-Identifier: Apache-2.0
import { parseDigest } from '../images/digest.ts';
import type { Digest } from '../images/digest.ts';
import { objectPart } from '../param-value.ts';
import type { NamedValue } from '../run.ts';

const inputsSuffix = 'ARTIFACT_INPUTS';
const outputsSuffix = 'ARTIFACT_OUTPUTS';

/** An artifact stated by an object result with `uri` and `digest`. */
export interface ObjectHint {
  readonly uri: string;
  /** The digest as written. */
  readonly rawDigest: string;
  readonly digest: Digest;
}

export type ResultClass = 'BuildArtifact' | 'Other' | 'Malformed';

export function artifactInputs(results: readonly NamedValue[]): readonly ObjectHint[] {
  return objectHints(results, inputsSuffix);
}

export function artifactOutputs(results: readonly NamedValue[]): readonly ObjectHint[] {
  return objectHints(results, outputsSuffix);
}

export function buildArtifacts(results: readonly NamedValue[]): readonly ObjectHint[] {
  return artifactOutputs(results.filter((result) => classifyResult(result) === 'BuildArtifact'));
}

/**
 * Classify a result: an output marked as build artifact, or another. `Malformed` outputs are neither subject nor
 * by-product.
 */
export function classifyResult(result: NamedValue): ResultClass {
  if (!result.name.endsWith(outputsSuffix)) return 'Other';
  const object = objectPart(result.value);
  if (object === undefined) return 'Malformed';
  if (object.get('isBuildArtifact') !== 'true') return 'Other';
  return objectHint(result) === undefined ? 'Malformed' : 'BuildArtifact';
}

function objectHints(results: readonly NamedValue[], suffix: string): readonly ObjectHint[] {
  return results
    .filter(({ name }) => name.endsWith(suffix))
    .map(objectHint)
    .filter((hint) => hint !== undefined);
}

function objectHint({ value }: NamedValue): ObjectHint | undefined {
  const object = objectPart(value);
  const uri = object?.get('uri') ?? '';
  const rawDigest = object?.get('digest') ?? '';
  const digest = parseDigest(rawDigest);
  return uri === '' || digest === undefined ? undefined : { uri, rawDigest, digest };
}
