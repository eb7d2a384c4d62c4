// SPDX-License-Identifier: Apache-2.0
import { parseDigest } from '../tekton/images/digest.ts';
import { hintPairs } from '../tekton/hints/hint-pairs.ts';
import { imageHints } from '../tekton/hints/image-hints.ts';
import { artifactOutputs, buildArtifacts } from '../tekton/hints/object-hints.ts';
import type { NamedValue, Run } from '../tekton/run.ts';
import type { FinishedRun } from '../tekton/finished-run.ts';
import { DigestEntries } from './digest-entries.ts';
import type { DigestEntry } from './digest-entries.ts';
import { executedTaskRuns, nestedRuns } from './executed-tasks.ts';
import { nativeSubjects } from './native-artifacts.ts';
import type { Subject } from '../evidence/artifact.ts';

/**
 * List the subjects of slsa/v1 and slsa/v2alpha3: every output hint; under deep inspection those of a PipelineRun's
 * TaskRuns come first.
 */
export function allOutputSubjects(run: FinishedRun, deepInspection: boolean): readonly Subject[] {
  const subjects = new DigestEntries();
  if (deepInspection) {
    for (const child of executedTaskRuns(run)) subjects.addAll(allOutputs(child));
    for (const { object } of nestedRuns(run)) subjects.addAll(allOutputs(object));
  }
  subjects.addAll(allOutputs(run.object));
  return subjects.entries;
}

/** List the subjects of slsa/v2alpha4: build artifacts and images, of steps too; the PipelineRun's own come first. */
export function buildOutputSubjects(run: FinishedRun, deepInspection: boolean): readonly Subject[] {
  const subjects = new DigestEntries();
  subjects.addAll(buildOutputs(run.object));
  if (deepInspection) {
    for (const child of executedTaskRuns(run)) subjects.addAll(buildOutputs(child));
    for (const { object } of nestedRuns(run)) subjects.addAll(buildOutputs(object));
  }
  return subjects.entries;
}

function allOutputs(run: Run): readonly DigestEntry[] {
  const { results } = run;
  const pairs = hintPairs(results, 'ARTIFACT_URI', 'ARTIFACT_DIGEST').filter(
    ({ digest }) => parseDigest(digest) !== undefined,
  );
  return [
    ...imageSubjects(results),
    ...pairs.map(({ uri, digest }) => ({ name: uri, digest: rawDigest(digest) })),
    ...artifactOutputs(results).map((hint) => ({ name: hint.uri, digest: rawDigest(hint.rawDigest) })),
    ...(run.kind === 'TaskRun' ? nativeSubjects(run) : []),
  ];
}

function buildOutputs(run: Run): readonly DigestEntry[] {
  if (run.kind === 'PipelineRun') return buildOutputsOf(run.results);
  return [
    ...run.steps.flatMap((step) => buildOutputsOf(step.results)),
    ...buildOutputsOf(run.results),
    ...nativeSubjects(run),
  ];
}

function buildOutputsOf(results: readonly NamedValue[]): readonly DigestEntry[] {
  return [
    ...buildArtifacts(results).map((hint) => ({ name: hint.uri, digest: rawDigest(hint.rawDigest) })),
    ...imageSubjects(results),
  ];
}

function imageSubjects(results: readonly NamedValue[]): readonly DigestEntry[] {
  return imageHints(results).map(({ repository, digestHex }) => ({ name: repository, digest: { sha256: digestHex } }));
}

/** Subjects carry the digest unchanged, as in the reference; materials carry the normalised one. */
function rawDigest(text: string): Readonly<Record<string, string>> {
  const colon = text.indexOf(':');
  return Object.fromEntries([[text.slice(0, colon), text.slice(colon + 1)]]);
}
