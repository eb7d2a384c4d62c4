// SPDX-License-Identifier: Apache-2.0
import { isEmptySelector, labelSelectorMatches } from '../../../api/v1alpha1/fields/label-selector.ts';
import type { BackendRef } from '../../../api/v1alpha1/provenance-record/schema.ts';
import { MAX_BACKENDS } from '../../../api/v1alpha1/provenance-record/spec.ts';
import { type Reason, reasons } from '../../../api/v1alpha1/reasons.ts';
import type { CompiledBackend } from '../../../pipelines/definitions.ts';
import type { MissingBackend, Pipeline } from '../../../pipelines/pipeline.ts';
import { takesArtifact } from '../../../storage/takes-artifact.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import type { BoundBackend } from '../state/record-snapshot.ts';

/** The facts that decide whether a record is bound to other backends. */
export interface Binding {
  readonly record: TrustedRecord;
  /** The current pipeline of the record's policy in its namespace. */
  readonly pipeline: Pipeline;
  /** The backends that the record is bound to, without those of later requests. */
  readonly bound: readonly Pick<BoundBackend, 'ref' | 'backend'>[];
}

/** The labels of the record's run; `Unread` until they are needed. */
export type RunLabels = Readonly<Record<string, string>> | 'Unread';

/** `Unread` asks for the labels of the run; undefined leaves the record as it is bound. */
export type Rebinding = readonly BackendRef[] | 'Unread' | undefined;

/** Reasons of Ready under which a record has too few backends. */
const homeless: ReadonlySet<string | undefined> = new Set<Reason>([reasons.BackendNotFound, reasons.NoSubjects]);

/**
 * The new backends of a record: without those that are gone and that its policy no longer names, and with those that the policy names now.
 * The binding also changes when all its backends exist and none has a place for some artifact, because a new backend may have one. A
 * backend that holds evidence stays.
 */
export function rebinding({ record, pipeline, bound }: Binding, labels: RunLabels): Rebinding {
  const { spec, evidence } = record.object;
  if (spec.backendRefs === undefined || spec.mode === 'Audit' || !isWrittenDown(record)) return undefined;
  const lost = bound.filter((each) => isLost(record, pipeline, each)).map(({ ref }) => ref);
  if (lost.length === 0 && !isHomeless(record, bound)) return undefined;
  const kept = spec.backendRefs.filter((ref) => !lost.includes(ref));
  const artifacts = evidence?.artifacts ?? [];
  const isWanted = (backend: CompiledBackend): boolean =>
    !isAmong(kept, backend) &&
    (artifacts.length === 0 || artifacts.some((artifact) => takesArtifact(backend.spec, artifact)));
  const wanted = pipeline.backends.filter(isWanted);
  if (labels === 'Unread' && wanted.some(({ spec: { selector } }) => !isEmptySelector(selector))) return 'Unread';
  const added = [
    ...wanted.filter((backend) => takesRun(backend, labels)).map(({ kind, name, uid }) => ({ kind, name, uid })),
    ...pipeline.missing.filter((missing) => !isAmong(kept, missing)).map(({ kind, name }) => ({ kind, name })),
  ];
  const refs = [...kept, ...added];
  const isOther = lost.length > 0 || added.length > 0;
  return isOther && refs.length > 0 && refs.length <= MAX_BACKENDS ? refs : undefined;
}

/** The API server lets the binding change only while the status has one of these reasons, so the status is written first. */
function isWrittenDown({ object: { status } }: TrustedRecord): boolean {
  return homeless.has(status?.reason) || (status?.storage ?? []).some(({ reason }) => homeless.has(reason));
}

/** A deleted backend is lost once the policy names others. A backend that never existed is lost once nothing names it. */
function isLost(record: TrustedRecord, pipeline: Pipeline, { ref, backend }: Binding['bound'][number]): boolean {
  if (backend !== undefined || isAmong([...pipeline.backends, ...pipeline.missing], ref)) return false;
  const isPending = record.storage.every(({ backendRef, state }) => !isAmong([backendRef], ref) || state === 'Pending');
  return isPending && (ref.uid === undefined || pipeline.policy.spec.backendRefs.length > 0);
}

function isHomeless({ object: { status } }: TrustedRecord, bound: Binding['bound']): boolean {
  return homeless.has(status?.reason) && bound.every(({ backend }) => backend !== undefined);
}

function takesRun({ spec: { selector } }: CompiledBackend, labels: RunLabels): boolean {
  return labels === 'Unread' ? isEmptySelector(selector) : labelSelectorMatches(selector, labels);
}

function isAmong(list: readonly MissingBackend[], { kind, name }: MissingBackend): boolean {
  return list.some((each) => each.kind === kind && each.name === name);
}
