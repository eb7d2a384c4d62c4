// SPDX-License-Identifier: Apache-2.0
import type { Encodable } from '../../tekton/go/encode-json.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { formatNanoseconds } from '../../tekton/go/go-time.ts';
import type { TaskRun } from '../../tekton/run.ts';
import { DigestEntries } from '../digest-entries.ts';
import type { DigestEntry } from '../digest-entries.ts';
import { executedTaskRuns, nestedRuns } from '../executed-tasks.ts';
import { imageMaterials } from '../image-materials.ts';
import { pipelineInputs, taskInputs } from '../inputs.ts';
import { malformedMaterials, malformedSubjects } from '../warnings/malformed-entries.ts';
import type { FormatOptions, FormattedStatement } from '../statement.ts';
import { statedTime } from '../stated-time.ts';
import { allOutputSubjects } from '../subjects.ts';
import { pipelineBuildConfig, taskBuildConfig } from './build-config.ts';
import { invocation } from './invocation.ts';

/** Build an in-toto statement v0.1 with a SLSA 0.2 predicate (https://slsa.dev/spec/v0.2/provenance). */
export function slsaV02Statement(run: FinishedRun, options: FormatOptions): FormattedStatement {
  const warnings: string[] = [];
  const { object } = run;
  const stated = materials(run, options, warnings);
  const subjects = allOutputSubjects(run, options.deepInspection);
  const predicate: Encodable = {
    builder: { id: options.builderID },
    buildType: `tekton.dev/v1/${object.kind}`,
    invocation: invocation(object),
    buildConfig: object.kind === 'TaskRun' ? taskBuildConfig(object) : pipelineBuildConfig(run, warnings),
    metadata: {
      buildStartedOn: statedTime(object.startTime, formatNanoseconds),
      buildFinishedOn: statedTime(object.completionTime, formatNanoseconds),
      completeness: { parameters: false, environment: false, materials: false },
      reproducible: object.labels.get('chains.tekton.dev/reproducible') === 'true',
    },
    materials: written(stated),
  };
  warnings.push(...malformedSubjects(subjects), ...malformedMaterials([...stated, ...sourceOf(object)]));
  return {
    statement: {
      type: 'https://in-toto.io/Statement/v0.1',
      subjects,
      predicateType: 'https://slsa.dev/provenance/v0.2',
      predicate,
    },
    warnings,
  };
}

function materials(run: FinishedRun, { deepInspection }: FormatOptions, warnings: string[]): readonly DigestEntry[] {
  const entries = new DigestEntries();
  if (run.object.kind === 'TaskRun') {
    entries.addAll(imageMaterials(run.object, warnings));
    entries.addAll(taskInputs(run.object));
  } else {
    entries.addAll(sourceOf(run.object));
    for (const child of executedTaskRuns(run)) {
      entries.addAll(imageMaterials(child, warnings));
      entries.addAll(sourceOf(child));
    }
    for (const { object } of nestedRuns(run)) entries.addAll(sourceOf(object));
    entries.addAll(pipelineInputs(run, deepInspection));
  }
  return entries.entries;
}

function written(entries: readonly DigestEntry[]): Encodable {
  if (entries.length === 0) return undefined;
  return entries.map(({ name, digest }) => ({
    uri: name === '' ? undefined : name,
    digest: Object.keys(digest).length === 0 ? undefined : digest,
  }));
}

function sourceOf({ refSource }: Pick<TaskRun, 'refSource'>): readonly DigestEntry[] {
  return refSource === undefined ? [] : [{ name: refSource.uri, digest: Object.fromEntries(refSource.digest) }];
}
