// SPDX-License-Identifier: Apache-2.0
import { formatSeconds, isZeroTime, parseGoTime } from './go-time.ts';
import { isRunKind, runApiVersion } from './run-identity.ts';
import type { RunIdentity, RunKind } from './run-identity.ts';
import { outcomeOf } from './run-outcome.ts';
import type { Outcome } from './run-outcome.ts';

export interface RunSummary extends RunIdentity {
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `spec.managedBy`, empty when absent. */
  readonly managedBy: string;
  /** The ServiceAccount the run works as: `default` when it names none. */
  readonly serviceAccountName: string;
  /** The UID of the PipelineRun that the run belongs to. */
  readonly pipelineRunUID?: string;
  /** Present once the run is done. */
  readonly finished?: RunEnd;
  readonly deleting: boolean;
}

export interface RunEnd {
  readonly outcome: Outcome;
  /** RFC 3339, UTC, whole seconds. */
  readonly completionTime: string;
}

/** What selecting and ordering runs needs of a run. Never throws; undefined when the object is no run of `tekton.dev/v1`. */
export function summariseRun(object: unknown): RunSummary | undefined {
  const metadata = fields(at(object, 'metadata'));
  const kind = at(object, 'kind');
  const namespace = text(metadata.get('namespace'));
  const name = text(metadata.get('name'));
  const uid = text(metadata.get('uid'));
  if (!isRunKind(kind) || at(object, 'apiVersion') !== runApiVersion) return undefined;
  if (namespace === '' || name === '' || uid === '') return undefined;
  return { apiVersion: runApiVersion, kind, namespace, name, uid, ...runFacts(kind, object) };
}

/** All of a summary that is not identity; also for runs whose metadata is incomplete. */
export function runFacts(kind: RunKind, object: unknown): Omit<RunSummary, keyof RunIdentity> {
  const metadata = fields(at(object, 'metadata'));
  const spec = fields(at(object, 'spec'));
  const labels = textMap(metadata.get('labels'));
  const pipelineRunUID = owningPipelineRun(metadata, labels);
  const finished = runEnd(object, text(metadata.get('creationTimestamp')));
  const account =
    kind === 'TaskRun' ? spec.get('serviceAccountName') : at(spec.get('taskRunTemplate'), 'serviceAccountName');
  return {
    resourceVersion: text(metadata.get('resourceVersion')),
    labels,
    managedBy: text(spec.get('managedBy')),
    serviceAccountName: text(account) || 'default',
    ...(pipelineRunUID === '' ? {} : { pipelineRunUID }),
    ...(finished === undefined ? {} : { finished }),
    deleting: text(metadata.get('deletionTimestamp')) !== '',
  };
}

function owningPipelineRun(metadata: ReadonlyMap<string, unknown>, labels: Readonly<Record<string, string>>): string {
  const owners = metadata.get('ownerReferences');
  const owner = list(owners).find(
    (entry) => at(entry, 'kind') === 'PipelineRun' && text(at(entry, 'apiVersion')).startsWith('tekton.dev/'),
  );
  return text(at(owner, 'uid')) || (labels['tekton.dev/pipelineRunUID'] ?? '');
}

/**
 * Done is a condition `Succeeded` whose status is not `Unknown`. The time is the status' own, else that of the condition,
 * else the run's creation, so that a finished run is never overlooked for want of a time.
 */
function runEnd(object: unknown, created: string): RunEnd | undefined {
  const status = fields(at(object, 'status'));
  const condition = list(status.get('conditions')).find((entry) => at(entry, 'type') === 'Succeeded');
  const outcome = outcomeOf(text(at(condition, 'status')), text(at(condition, 'reason')));
  if (outcome === undefined) return undefined;
  const candidates = [text(status.get('completionTime')), text(at(condition, 'lastTransitionTime')), created];
  for (const candidate of candidates) {
    const time = parseGoTime(candidate);
    if (time !== undefined && !isZeroTime(time)) return { outcome, completionTime: formatSeconds(time) };
  }
  return { outcome, completionTime: '1970-01-01T00:00:00Z' };
}

function fields(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function at(value: unknown, key: string): unknown {
  return fields(value).get(key);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textMap(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...fields(value)].filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
