// SPDX-License-Identifier: Apache-2.0
import { byteOrder } from '../../tekton/go/go-text.ts';
import type { Encodable } from '../../tekton/go/encode-json.ts';
import { formatTimestamp } from '../../tekton/go/go-time.ts';
import { mapAt, textAt, untyped } from '../../tekton/go/json-node.ts';
import { PayloadError } from '../../tekton/payload-error.ts';
import type { NamedValue, Run } from '../../tekton/run.ts';
import { statedTime } from '../stated-time.ts';
import type { FormatOptions } from '../statement.ts';
import { buildTypes, isBuildType, slsaBuildType, slsaTektonBuildType } from './build-type.ts';
import { encodable } from './resource-descriptor.ts';
import type { ResourceDescriptor } from './resource-descriptor.ts';

export interface PredicateParts {
  readonly resolvedDependencies: readonly ResourceDescriptor[];
  readonly byProducts: readonly ResourceDescriptor[];
}

/** Build the SLSA 1.0 predicate (https://slsa.dev/spec/v1.0/provenance) of a run. */
export function slsaV1Predicate(run: Run, options: FormatOptions, parts: PredicateParts): Encodable {
  const buildType = options.buildType === '' ? slsaBuildType : options.buildType;
  if (!isBuildType(buildType)) {
    throw new PayloadError(
      'PayloadInvalid',
      `buildType ${JSON.stringify(buildType)} must be one of ${buildTypes.join(', ')}`,
    );
  }
  requireValues(run);
  return {
    buildDefinition: {
      buildType,
      externalParameters: { runSpec: run.spec, buildConfigSource: buildConfigSource(run) },
      internalParameters: internalParameters(run, buildType),
      resolvedDependencies: nonEmpty(parts.resolvedDependencies.map(encodable)),
    },
    runDetails: {
      builder: { id: options.builderID === '' ? undefined : options.builderID },
      metadata: {
        invocationId: run.uid === '' ? undefined : run.uid,
        startedOn: statedTime(run.startTime, formatTimestamp),
        finishedOn: statedTime(run.completionTime, formatTimestamp),
      },
      byproducts: nonEmpty(parts.byProducts.map(encodable)),
    },
  };
}

/** The origin of the task or pipeline, for runs whose definition a resolver fetched. */
function buildConfigSource(run: Run): Encodable {
  const reference = mapAt(run.spec, run.kind === 'TaskRun' ? 'taskRef' : 'pipelineRef');
  const resolver = textAt(reference, 'resolver');
  if (run.refSource === undefined || resolver === '' || resolver === 'Cluster') return undefined;
  const { uri, digest, entryPoint } = run.refSource;
  const [first] = [...digest].sort(([left], [right]) => byteOrder(left, right));
  return { ref: first === undefined ? '' : `${first[0]}:${first[1]}`, repository: uri, path: entryPoint };
}

function internalParameters(run: Run, buildType: string): Encodable {
  const flags = { 'tekton-pipelines-feature-flags': run.featureFlags };
  if (buildType !== slsaTektonBuildType) return flags;
  return { ...flags, labels: run.declaredLabels ?? null, annotations: run.declaredAnnotations ?? null };
}

function nonEmpty(list: readonly Encodable[]): Encodable {
  return list.length === 0 ? undefined : list;
}

/**
 * Require a value for each parameter, because the predicate states them whole. @throws PayloadError that names the
 * first one without
 */
export function requireValues({ kind, params }: Run): void {
  requireValue(`${kind}.spec.params: parameter`, params);
}

/** The same for a child run that is stated whole, with its results. */
export function requireAllValues(run: Run): void {
  const named = `${run.kind} ${run.name}:`;
  requireValue(`${named} parameter`, run.params);
  requireValue(`${named} result`, run.results);
  if (run.kind !== 'TaskRun') return;
  for (const step of run.steps) requireValue(`${named} result of step ${JSON.stringify(step.name)}`, step.results);
}

function requireValue(where: string, values: readonly NamedValue[]): void {
  const missing = values.find(({ value }) => value === untyped);
  if (missing === undefined) return;
  throw new PayloadError('PayloadInvalid', `${where} ${JSON.stringify(missing.name)} has no value`);
}
