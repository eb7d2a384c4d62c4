// SPDX-License-Identifier: Apache-2.0
import { parseDigest } from '../tekton/digest.ts';
import type { NativeArtifact, TaskRun } from '../tekton/run.ts';
import type { DigestEntry } from './digest-entries.ts';

const knownAlgorithm = /^sha(1|256|384|512)$/i;

/**
 * What Tekton's native artifacts (`status.artifacts`, and `inputs` and `outputs` of steps) say was built; the reference
 * ignores them. An artifact without a place or a usable digest is skipped, as hints are.
 */
export function nativeSubjects(run: TaskRun): readonly DigestEntry[] {
  const outputs = [...run.artifactOutputs, ...run.steps.flatMap((step) => step.outputs)];
  return entries(outputs.filter(({ isBuildOutput }) => isBuildOutput));
}

/** What they say it was built from. */
export function nativeInputs(run: TaskRun): readonly DigestEntry[] {
  return entries([...run.artifactInputs, ...run.steps.flatMap((step) => step.inputs)]);
}

function entries(artifacts: readonly NativeArtifact[]): readonly DigestEntry[] {
  return artifacts
    .flatMap(({ values }) => values)
    .map(({ uri, digest }) => ({ name: uri, digest: Object.fromEntries([...digest].filter(isUsable)) }))
    .filter(({ name, digest }) => name !== '' && Object.keys(digest).length > 0);
}

/** Digests of the usual algorithms must be well formed; of others (gitCommit, dirHash) only the name must be sensible. */
function isUsable([algorithm, value]: readonly [string, string]): boolean {
  if (knownAlgorithm.test(algorithm)) return parseDigest(`${algorithm}:${value}`)?.hex === value;
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(algorithm) && /^[!-~]+$/.test(value);
}
