// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import { rfc3339Seconds } from '../../api/v1alpha1/fields/date-time.ts';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { recordName } from '../../records/record-name.ts';
import { jsonSizeBytes } from '../../json/json-size.ts';
import { hasRoom, recordExcess } from '../../pipelines/ceilings/record-excess.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import type { Pipeline } from '../../pipelines/pipeline.ts';
import { holdsRuns } from '../../pipelines/selection/holds-runs.ts';
import { isFinished, maySelect, whyNotSelected } from '../../pipelines/selection/run-selection.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import type { GatheredExplanation } from './gather-explanation.ts';
import { retentionText } from './published-retention.ts';
import { describePolicy } from '../../pipelines/policy-key.ts';

/** The effect of one policy on a run. */
export interface PolicyExplanation {
  readonly policy: string;
  readonly isSelected: boolean;
  /** The reason why it is not selected, or the message of its record. */
  readonly message: string;
  readonly record?: string;
  readonly reason?: string;
  /** The time that its record is kept for; absent when it is not selected. */
  readonly retention?: string;
  /** All that it says beyond the ceilings of its namespace. */
  readonly exceeds?: string;
  /** The backends that hold the payloads that its record dropped; absent when it dropped none. */
  readonly payloads?: string;
  /** The warnings of its evidence. */
  readonly warnings?: readonly string[];
}

/** The reasons why a run was or was not signed. */
export interface Explanation {
  readonly runs: readonly {
    readonly run: string;
    readonly state: string;
    readonly policies: readonly PolicyExplanation[];
    /** The state of its deletion guard; absent for a run that is not kept. */
    readonly guard?: string;
    /** The outcome for the run as a whole. */
    readonly summary: string;
  }[];
  /** Kinds that could not be read, and so are missing here. */
  readonly unread: readonly string[];
  /** True if every policy that selects a run has it signed and stored, or audited. */
  readonly isFine: boolean;
}

/** Explains runs by the operator's own rules. Pure. */
export function explainRun(gathered: GatheredExplanation, now: Date): Explanation {
  const runs = gathered.runs.map((run) => {
    const pipelines = gathered.pipelines.forNamespace(run.namespace);
    const policies = pipelines.map((pipeline) => explainPolicy(run, pipeline, gathered, now));
    const guard = guardText(run, pipelines, now);
    return {
      run: `${run.kind} ${run.namespace}/${run.name}`,
      state: run.finished === undefined ? 'not finished' : `${run.finished.outcome} at ${run.finished.completionTime}`,
      policies,
      ...(guard === undefined ? {} : { guard }),
      summary: summaryOf(run, policies),
    };
  });
  const selected = runs.flatMap(({ policies }) => policies.filter(({ isSelected }) => isSelected));
  const isFine = selected.every(({ reason }) => reason === 'Stored' || reason === 'AuditOnly');
  return { runs, unread: gathered.unread, isFine };
}

function guardText(run: RunSummary, pipelines: readonly Pipeline[], now: Date): string | undefined {
  const { deletionTimestamp, finalizers, pipelineRunUID } = run;
  if (!finalizers.includes(DELETION_GUARD)) return undefined;
  const holding = pipelines.map(({ policy }) => policy).filter(holdsRuns);
  const own = holding.filter((policy) => maySelect(policy, run, now));
  // A policy that holds its PipelineRun may hold a child with it.
  const guards = own.length === 0 && pipelineRunUID !== undefined ? holding : own;
  if (guards.length === 0)
    return 'no policy holds it any more: its deletion guard goes as soon as the operator looks at it; where no operator watches the namespace, `hallmark release-runs` removes it';
  if (deletionTimestamp === undefined) return 'its deletion guard keeps it until it is stored';
  const seconds = Math.max(...guards.map(({ spec }) => spec.deletionGuard.timeoutSeconds));
  const deadline = rfc3339Seconds(new Date(Date.parse(deletionTimestamp) + seconds * 1000));
  return `it was deleted at ${deletionTimestamp}: its deletion guard keeps it until it is stored, until ${deadline} at the latest`;
}

function explainPolicy(
  run: RunSummary,
  { policy }: Pipeline,
  gathered: Pick<GatheredExplanation, 'records' | 'pipelines'>,
  now: Date,
): PolicyExplanation {
  const { records } = gathered;
  const exceeds = policy.exceeds === undefined ? {} : { exceeds: policy.exceeds.message };
  const named = { policy: describePolicy(policy), ...exceeds };
  const name = recordName(run, policy);
  const record = records.find(({ metadata }) => metadata.namespace === run.namespace && metadata.name === name);
  if (record !== undefined) {
    const { reason = 'Progressing', message = 'its record has no status yet' } = record.status ?? {};
    const warnings = (record.evidence?.artifacts ?? []).flatMap(({ warnings: found = [] }) => found);
    const payloads = payloadsText(record);
    const extra = { ...(payloads === undefined ? {} : { payloads }), ...(warnings.length === 0 ? {} : { warnings }) };
    return { ...named, isSelected: true, record: name, reason, message, retention: retentionText(policy), ...extra };
  }
  if (!isFinished(run)) return { ...named, isSelected: false, message: 'the run has not finished' };
  const why = whyNotSelected(policy, run, now);
  if (why !== undefined) return { ...named, isSelected: false, message: withLabels(why, policy, run) };
  const message =
    waitForRoom(run.namespace, policy, gathered) ??
    'it selects the run and there is no record yet: the operator is behind, not running, or not watching this namespace';
  return { ...named, isSelected: true, message, retention: retentionText(policy) };
}

/** Adds both sides where the selector does not match. */
function withLabels(why: string, { spec }: PolicyDefinition, { labels }: RunSummary): string {
  if (!why.endsWith('spec.selector')) return why;
  const own = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return `${why}: the run has ${own.length === 0 ? 'no labels' : own.join(', ')}, and the selector is ${JSON.stringify(spec.selector)}`;
}

/** The reason why the run may have to wait for its record: the namespace has as many as its ceilings allow. */
function waitForRoom(
  namespace: string,
  { kind }: PolicyDefinition,
  { records, pipelines }: Pick<GatheredExplanation, 'records' | 'pipelines'>,
): string | undefined {
  if (kind === 'ClusterSigningPolicy') return undefined;
  const bounds = pipelines.bounds.recordBounds(namespace);
  const bounded = records.filter(
    ({ metadata, spec }) => metadata.namespace === namespace && spec.policyRef.kind === 'SigningPolicy',
  );
  const use = { records: bounded.length, sizeBytes: bounded.reduce((sum, each) => sum + jsonSizeBytes(each), 0) };
  return hasRoom(bounds, use, { records: 1, sizeBytes: 0 }) ? undefined : recordExcess(bounds, use);
}

function payloadsText({ evidence }: ProvenanceRecord): string | undefined {
  const places = (evidence?.artifacts ?? []).flatMap(({ payloadLocations = [] }) => payloadLocations);
  const backends = new Set(places.map(({ kind, name }) => `${kind} ${name}`));
  if (backends.size === 0) return undefined;
  return `its record dropped payloads once they were stored; they are fetched from ${[...backends].join(' or ')}`;
}

function summaryOf(run: RunSummary, policies: readonly PolicyExplanation[]): string {
  if (policies.length === 0) {
    return `no policy reaches namespace ${run.namespace}: create a SigningPolicy there, or a ClusterSigningPolicy whose namespaceSelector takes it`;
  }
  const selecting = policies.filter(({ isSelected }) => isSelected).length;
  return selecting === 0
    ? 'no policy selects this run, so it is not signed'
    : `selected by ${selecting} of ${policies.length} policies`;
}
