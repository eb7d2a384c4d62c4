// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { evidenceName } from '../documents/evidence-name.ts';
import type { KeyScheme } from '../documents/evidence-name.ts';
import type { RunTarget } from '../run-target.ts';

/** The suffixes of an artifact's four objects in Chains. */
export const SUFFIXES = ['signature', 'payload', 'cert', 'chain'] as const;
export type Suffix = (typeof SUFFIXES)[number];

/** `<kind>-<namespace>-<name>/<ShortKey>`: Chains' names of objects in a bucket, without their suffixes. */
export function objectStem(artifact: SignedArtifact, run: RunTarget, keys: KeyScheme): string {
  return `${run.kind.toLowerCase()}-${run.namespace}-${run.name}/${evidenceName(artifact, run, keys)}`;
}

const STEM = /^(?:[-_.A-Za-z0-9]+\/)*(?:taskrun|pipelinerun)-[-.a-z0-9]{3,320}\/[-.a-z0-9]{1,120}$/;

/** The stem in a location of this bucket; undefined for any other location. */
export function stemOf(locationUri: string, bucketUri: string): string | undefined {
  if (!locationUri.startsWith(`${bucketUri}/`)) return undefined;
  const stem = locationUri.slice(bucketUri.length + 1);
  return STEM.test(stem) && !stem.includes('..') ? stem : undefined;
}
