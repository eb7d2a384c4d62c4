// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import { field } from '../json/fields.ts';
import { goDecode } from './go/go-decode.ts';
import { parseGoTime } from './go/go-time.ts';
import type { GoTime } from './go/go-time.ts';
import { isMap, mapAt, mapsAt, optionalMapAt, textAt, textMapAt } from './go/json-node.ts';
import type { JsonMap, JsonNode } from './go/json-node.ts';
import { PayloadError } from './payload-error.ts';

/** A parameter with its value, a parameter's default, or a result. */
export interface NamedValue {
  readonly name: string;
  readonly type: string;
  readonly value: JsonNode;
}

/** The origin of a task, pipeline or step action (`refSource`). */
export interface RefSource {
  readonly uri: string;
  readonly digest: ReadonlyMap<string, string>;
  readonly entryPoint: string;
}

/** A URI with its digests, from the native artifacts of Tekton. */
export interface ArtifactValue {
  readonly uri: string;
  readonly digest: ReadonlyMap<string, string>;
}

export interface NativeArtifact {
  readonly name: string;
  readonly values: readonly ArtifactValue[];
  readonly isBuildOutput: boolean;
}

/** The state of a step or a sidecar. */
export interface StepState {
  readonly name: string;
  readonly imageID: string;
  readonly results: readonly NamedValue[];
  readonly refSource: RefSource | undefined;
  readonly inputs: readonly NativeArtifact[];
  readonly outputs: readonly NativeArtifact[];
}

/** Fields of both TaskRuns and PipelineRuns; absent strings and lists are empty. */
interface RunBase {
  readonly apiVersion: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** The same, undefined when the object has no such member (an empty one counts as present). */
  readonly declaredLabels: ReadonlyMap<string, string> | undefined;
  readonly declaredAnnotations: ReadonlyMap<string, string> | undefined;
  /** The whole object as the Go types of the reference write it. */
  readonly node: JsonMap;
  readonly spec: JsonMap;
  readonly params: readonly NamedValue[];
  /** The defaults that the resolved task or pipeline declares. */
  readonly paramDefaults: readonly NamedValue[];
  readonly results: readonly NamedValue[];
  readonly conditions: readonly JsonMap[];
  readonly startTime: GoTime | undefined;
  readonly completionTime: GoTime | undefined;
  readonly refSource: RefSource | undefined;
  readonly featureFlags: JsonMap | undefined;
}

export interface TaskRun extends RunBase {
  readonly kind: 'TaskRun';
  readonly taskSpec: JsonMap | undefined;
  readonly steps: readonly StepState[];
  readonly sidecars: readonly StepState[];
  readonly artifactInputs: readonly NativeArtifact[];
  readonly artifactOutputs: readonly NativeArtifact[];
}

export interface PipelineRun extends RunBase {
  readonly kind: 'PipelineRun';
  readonly pipelineSpec: JsonMap | undefined;
  readonly childReferences: readonly JsonMap[];
}

export type Run = TaskRun | PipelineRun;

/** Steps and sidecars of a TaskRun: more than any pod has. Evidence states each in many places. */
const MAX_STEPS = 1024;

/**
 * Read a run through the Go types of the reference.
 *
 * @param object the run as JSON; integers beyond 2^53 as bigint keep their precision
 * @throws PayloadError when a field has a type that the Go types refuse, or the run is too large to be stated
 */
export function parseRun(kind: RunKind, object: unknown): Run {
  const node = goDecode(`tekton.${kind}`, object, kind);
  if (!isMap(node)) throw new PayloadError('PayloadInvalid', `${kind} must be an object`);
  return runFromNode(kind, node, extras(object));
}

/** Facts that the Go form of a run loses and the decoded objects of the reference keep. */
export interface RunExtras {
  /** With fractions of a second. */
  readonly startTime: GoTime | undefined;
  readonly completionTime: GoTime | undefined;
  readonly hasLabels: boolean;
  readonly hasAnnotations: boolean;
}

/** Read the same run from a changed node. */
export function withNode<R extends Run>(run: R, node: JsonMap): R;
export function withNode(run: Run, node: JsonMap): Run {
  return runFromNode(run.kind, node, {
    startTime: run.startTime,
    completionTime: run.completionTime,
    hasLabels: run.declaredLabels !== undefined,
    hasAnnotations: run.declaredAnnotations !== undefined,
  });
}

/** Build the model of a run that is already decoded. */
export function runFromNode(kind: RunKind, node: JsonMap, extra: RunExtras): Run {
  const base = runBase(node, extra);
  return kind === 'TaskRun' ? taskRun(base) : pipelineRun(base);
}

function runBase(node: JsonMap, extra: RunExtras): Omit<RunBase, 'paramDefaults'> {
  const metadata = mapAt(node, 'metadata');
  const status = mapAt(node, 'status');
  const provenance = mapAt(status, 'provenance');
  const labels = textMapAt(metadata, 'labels');
  const annotations = textMapAt(metadata, 'annotations');
  return {
    apiVersion: textAt(node, 'apiVersion'),
    namespace: textAt(metadata, 'namespace'),
    name: textAt(metadata, 'name'),
    uid: textAt(metadata, 'uid'),
    labels,
    annotations,
    declaredLabels: extra.hasLabels ? labels : undefined,
    declaredAnnotations: extra.hasAnnotations ? annotations : undefined,
    node,
    spec: mapAt(node, 'spec'),
    params: namedValues(mapAt(node, 'spec'), 'params', 'value'),
    results: namedValues(status, 'results', 'value'),
    conditions: mapsAt(status, 'conditions'),
    startTime: extra.startTime,
    completionTime: extra.completionTime,
    refSource: refSource(provenance),
    featureFlags: optionalMapAt(provenance, 'featureFlags'),
  };
}

function taskRun(base: Omit<RunBase, 'paramDefaults'>): TaskRun {
  const status = mapAt(base.node, 'status');
  const taskSpec = optionalMapAt(status, 'taskSpec');
  const artifacts = mapAt(status, 'artifacts');
  const [steps, sidecars] = [mapsAt(status, 'steps'), mapsAt(status, 'sidecars')];
  const count = steps.length + sidecars.length;
  if (count > MAX_STEPS)
    throw new PayloadError(
      'PayloadTooLarge',
      `TaskRun has ${count} steps and sidecars, and at most ${MAX_STEPS} are stated`,
    );
  return {
    ...base,
    kind: 'TaskRun',
    paramDefaults: defaults(taskSpec),
    taskSpec,
    steps: steps.map(stepState),
    sidecars: sidecars.map(stepState),
    artifactInputs: nativeArtifacts(artifacts, 'inputs'),
    artifactOutputs: nativeArtifacts(artifacts, 'outputs'),
  };
}

function pipelineRun(base: Omit<RunBase, 'paramDefaults'>): PipelineRun {
  const status = mapAt(base.node, 'status');
  const pipelineSpec = optionalMapAt(status, 'pipelineSpec');
  return {
    ...base,
    kind: 'PipelineRun',
    paramDefaults: defaults(pipelineSpec),
    pipelineSpec,
    childReferences: mapsAt(status, 'childReferences'),
  };
}

function defaults(spec: JsonMap | undefined): readonly NamedValue[] {
  if (spec === undefined) return [];
  const declared = mapsAt(spec, 'params').filter((param) => param.has('default'));
  return declared.map((param) => namedValue(param, 'default'));
}

function namedValues(node: JsonMap, key: string, valueKey: string): readonly NamedValue[] {
  return mapsAt(node, key).map((entry) => namedValue(entry, valueKey));
}

function namedValue(entry: JsonMap, valueKey: string): NamedValue {
  return { name: textAt(entry, 'name'), type: textAt(entry, 'type'), value: entry.get(valueKey) ?? null };
}

function stepState(state: JsonMap): StepState {
  return {
    name: textAt(state, 'name'),
    imageID: textAt(state, 'imageID'),
    results: namedValues(state, 'results', 'value'),
    refSource: refSource(mapAt(state, 'provenance')),
    inputs: nativeArtifacts(state, 'inputs'),
    outputs: nativeArtifacts(state, 'outputs'),
  };
}

function refSource(provenance: JsonMap): RefSource | undefined {
  const source = optionalMapAt(provenance, 'refSource');
  if (source === undefined) return undefined;
  return { uri: textAt(source, 'uri'), digest: textMapAt(source, 'digest'), entryPoint: textAt(source, 'entryPoint') };
}

function nativeArtifacts(node: JsonMap, key: string): readonly NativeArtifact[] {
  return mapsAt(node, key).map((artifact) => ({
    name: textAt(artifact, 'name'),
    values: mapsAt(artifact, 'values').map((value) => ({
      uri: textAt(value, 'uri'),
      digest: textMapAt(value, 'digest'),
    })),
    isBuildOutput: artifact.get('buildOutput') === true,
  }));
}

function extras(object: unknown): RunExtras {
  const status = field(object, 'status');
  const metadata = field(object, 'metadata');
  return {
    startTime: timeOf(status, 'startTime'),
    completionTime: timeOf(status, 'completionTime'),
    hasLabels: isPresent(field(metadata, 'labels')),
    hasAnnotations: isPresent(field(metadata, 'annotations')),
  };
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function timeOf(status: unknown, key: string): GoTime | undefined {
  const text = field(status, key);
  return typeof text === 'string' ? parseGoTime(text) : undefined;
}
