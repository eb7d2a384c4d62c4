// SPDX-License-Identifier: Apache-2.0
import { warning } from '../api/v1alpha1/warning.ts';
import { parseDigest } from '../tekton/images/digest.ts';
import { imageOfSubject, plainImageName } from '../tekton/images/image-name.ts';
import type { ImageReference } from '../tekton/images/image-reference.ts';
import { quoted } from '../tekton/quoted.ts';
import type { ArtifactValue, NativeArtifact, TaskRun } from '../tekton/run.ts';
import type { DigestEntry } from './digest-entries.ts';
import { digestFault } from './warnings/image-fault.ts';

const knownAlgorithm = /^sha(1|256|384|512)$/i;

/**
 * List the build outputs among Tekton's native artifacts (`status.artifacts`, and `inputs` and `outputs` of steps),
 * which the reference ignores. Artifacts without a URI or a usable digest are skipped, as hints are. Images get their
 * canonical name.
 */
export function nativeSubjects(run: TaskRun): readonly DigestEntry[] {
  return entries(outputs(run).filter(({ isBuildOutput }) => isBuildOutput)).map((entry) => {
    const image = nativeImage(entry);
    return image === undefined ? entry : { ...entry, name: image.repository };
  });
}

/** List the images among the build outputs. */
export function nativeImages(run: TaskRun): readonly ImageReference[] {
  const built = entries(outputs(run).filter(({ isBuildOutput }) => isBuildOutput));
  return built.map(nativeImage).filter((image) => image !== undefined);
}

/** List the inputs among the native artifacts. */
export function nativeInputs(run: TaskRun): readonly DigestEntry[] {
  return entries(inputs(run));
}

/** List outputs that are not build outputs: they are by-products under the names of their artifacts. */
export function nativeByProducts(run: TaskRun): readonly (DigestEntry & { readonly artifact: string })[] {
  const others = outputs(run).filter(({ isBuildOutput }) => !isBuildOutput);
  return others.flatMap((output) => entries([output]).map((entry) => ({ ...entry, artifact: output.name })));
}

/** Warn about the outputs (`ArtifactIgnored`) or inputs (`InputIgnored`) that are skipped. */
export function ignoredNativeArtifacts(kind: 'ArtifactIgnored' | 'InputIgnored', run: TaskRun): readonly string[] {
  const artifacts = kind === 'InputIgnored' ? inputs(run) : outputs(run);
  const noun = kind === 'InputIgnored' ? 'input' : 'output';
  return artifacts.flatMap(({ name, values }) =>
    values.flatMap((value) => {
      const fault = valueFault(value);
      const where = `${noun} ${quoted(name)} of TaskRun ${run.name}`;
      return fault === undefined ? [] : [warning(kind, `${where}, ${quoted(value.uri)}: ${fault}`)];
    }),
  );
}

function outputs(run: TaskRun): readonly NativeArtifact[] {
  return [...run.artifactOutputs, ...run.steps.flatMap((step) => step.outputs)];
}

function inputs(run: TaskRun): readonly NativeArtifact[] {
  return [...run.artifactInputs, ...run.steps.flatMap((step) => step.inputs)];
}

/** A native artifact without a scheme is an image only if it names its registry: `report` is not one. */
function nativeImage({ name, digest: { sha256 } }: DigestEntry): ImageReference | undefined {
  if (sha256 === undefined) return undefined;
  const isNamed = plainImageName(name) !== name || /^(localhost|[^/]*[.:][^/]*)\//.test(name);
  return isNamed ? imageOfSubject(name, sha256) : undefined;
}

function entries(artifacts: readonly NativeArtifact[]): readonly DigestEntry[] {
  return artifacts
    .flatMap(({ values }) => values)
    .map(({ uri, digest }) => ({ name: uri, digest: Object.fromEntries([...digest].filter(isUsable)) }))
    .filter(({ name, digest }) => name !== '' && Object.keys(digest).length > 0);
}

function valueFault({ uri, digest }: ArtifactValue): string | undefined {
  if (uri === '') return 'its uri is missing';
  const wrong = [...digest].find((pair) => !isUsable(pair));
  if (wrong === undefined) return digest.size === 0 ? 'its digest is missing' : undefined;
  const [algorithm, value] = wrong;
  if (knownAlgorithm.test(algorithm)) return digestFault(`${algorithm}:${value}`);
  return `the digest ${quoted(value)} under ${quoted(algorithm)} has white space or other characters`;
}

/** Digests of the usual algorithms must be well formed; for others (gitCommit, dirHash) only the name must be plausible. */
function isUsable([algorithm, value]: readonly [string, string]): boolean {
  if (knownAlgorithm.test(algorithm)) return parseDigest(`${algorithm}:${value}`)?.hex === value;
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(algorithm) && /^[!-~]+$/.test(value);
}
