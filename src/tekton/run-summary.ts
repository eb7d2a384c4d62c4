// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import { field, isObject, listField } from '../json/fields.ts';
import { formatSeconds, isZeroTime, parseGoTime } from './go/go-time.ts';
import { isRunKind, runApiVersion } from './run-identity.ts';
import type { RunIdentity } from './run-identity.ts';
import { outcomeOf } from './run-outcome.ts';
import type { Outcome } from './run-outcome.ts';

export interface RunSummary extends RunIdentity {
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `spec.managedBy`, empty when absent. */
  readonly managedBy: string;
  /** The ServiceAccount of the run: `default` when it names none. */
  readonly serviceAccountName: string;
  /** The UID of the PipelineRun that the run belongs to. */
  readonly pipelineRunUID?: string;
  /** Present once the run is done. */
  readonly finished?: RunEnd;
  /** RFC 3339; present once the run is being deleted. */
  readonly deletionTimestamp?: string;
  readonly finalizers: readonly string[];
}

export interface RunEnd {
  readonly outcome: Outcome;
  /** RFC 3339, UTC, whole seconds. */
  readonly completionTime: string;
}

/**
 * Summarise what selecting and ordering need of a run. Never throws; undefined when the object is not a run of
 * `tekton.dev/v1`.
 */
export function summariseRun(object: unknown): RunSummary | undefined {
  const metadata = field(object, 'metadata');
  const kind = field(object, 'kind');
  const namespace = text(field(metadata, 'namespace'));
  const name = text(field(metadata, 'name'));
  const uid = text(field(metadata, 'uid'));
  if (!isRunKind(kind) || field(object, 'apiVersion') !== runApiVersion) return undefined;
  if (namespace === '' || name === '' || uid === '') return undefined;
  return { apiVersion: runApiVersion, kind, namespace, name, uid, ...runFacts(kind, object) };
}

/** All of a summary except the identity; also for runs whose metadata is incomplete. */
export function runFacts(kind: RunKind, object: unknown): Omit<RunSummary, keyof RunIdentity> {
  const metadata = field(object, 'metadata');
  const spec = field(object, 'spec');
  const labels = textMap(field(metadata, 'labels'));
  const pipelineRunUID = owningPipelineRun(metadata, labels);
  const finished = runEnd(object, text(field(metadata, 'creationTimestamp')));
  const deletionTimestamp = text(field(metadata, 'deletionTimestamp'));
  const account =
    kind === 'TaskRun'
      ? field(spec, 'serviceAccountName')
      : field(field(spec, 'taskRunTemplate'), 'serviceAccountName');
  return {
    resourceVersion: text(field(metadata, 'resourceVersion')),
    labels,
    managedBy: text(field(spec, 'managedBy')),
    serviceAccountName: text(account) || 'default',
    ...(pipelineRunUID === '' ? {} : { pipelineRunUID }),
    ...(finished === undefined ? {} : { finished }),
    ...(deletionTimestamp === '' ? {} : { deletionTimestamp }),
    finalizers: listField(metadata, 'finalizers').filter((name) => typeof name === 'string'),
  };
}

function owningPipelineRun(metadata: unknown, labels: Readonly<Record<string, string>>): string {
  const owner = listField(metadata, 'ownerReferences').find(
    (entry) => field(entry, 'kind') === 'PipelineRun' && text(field(entry, 'apiVersion')).startsWith('tekton.dev/'),
  );
  return text(field(owner, 'uid')) || (labels['tekton.dev/pipelineRunUID'] ?? '');
}

/**
 * A run is done when the status of its condition `Succeeded` is not `Unknown`. The time is that of the status, else of
 * the condition, else of creation, so that a finished run without a time is not overlooked.
 */
function runEnd(object: unknown, created: string): RunEnd | undefined {
  const condition = succeededCondition(field(object, 'status'));
  const outcome = outcomeOf(text(field(condition, 'status')), text(field(condition, 'reason')));
  if (outcome === undefined) return undefined;
  const completionTime = statedEnd(object) ?? wholeSeconds(created) ?? '1970-01-01T00:00:00Z';
  return { outcome, completionTime };
}

/** The end that a run's status states, RFC 3339; undefined when the run has not finished, or its status has no time. */
export function statedEnd(object: unknown): string | undefined {
  const status = field(object, 'status');
  const condition = succeededCondition(status);
  if (outcomeOf(text(field(condition, 'status')), text(field(condition, 'reason'))) === undefined) return undefined;
  return (
    wholeSeconds(text(field(status, 'completionTime'))) ?? wholeSeconds(text(field(condition, 'lastTransitionTime')))
  );
}

function succeededCondition(status: unknown): unknown {
  return listField(status, 'conditions').find((entry) => field(entry, 'type') === 'Succeeded');
}

function wholeSeconds(stamp: string): string | undefined {
  const time = parseGoTime(stamp);
  return time === undefined || isZeroTime(time) ? undefined : formatSeconds(time);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textMap(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (isObject(value) ? Object.entries(value) : []).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
