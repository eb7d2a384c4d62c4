// SPDX-License-Identifier: Apache-2.0
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import type { Pipelines } from '../../pipelines/pipelines.ts';
import { describePolicy, type PolicyName } from '../../pipelines/policy-key.ts';
import { isFinished, whyNotSelected } from '../../pipelines/selection/run-selection.ts';
import { recordName } from '../../records/record-name.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';

/** A reason, how often it holds, and the message of one run that it holds for. */
export interface CountedReason {
  readonly reason: string;
  readonly count: number;
  readonly message: string;
}

/** The counts of one policy in one namespace. All but `selected` count records. */
export interface PolicyCoverage {
  readonly policy: string;
  /** The runs that it selects, with those whose records outlived them. */
  readonly selected: number;
  readonly signed: number;
  readonly stored: number;
  readonly verified: number;
  /** Records in Audit mode, which are not signed. */
  readonly audited: number;
  /** Runs that stay unsigned or unstored unless someone acts. */
  readonly failed: number;
  /** Runs that the operator still works on. */
  readonly waiting: number;
  /** The reasons of the failed and waiting ones, most frequent first. */
  readonly reasons: readonly CountedReason[];
}

/** The counts of one namespace. */
export interface NamespaceCoverage {
  readonly namespace: string;
  /** Finished runs that are there, and those of records whose run is gone. */
  readonly finished: number;
  /** Finished runs that no policy selects. */
  readonly unselected: number;
  readonly unselectedReasons: readonly CountedReason[];
  readonly policies: readonly PolicyCoverage[];
}

const MAX_REASONS = 20;

class ReasonCounts {
  readonly #counts = new Map<string, { count: number; readonly message: string }>();

  add(reason: string, message: string): void {
    const known = this.#counts.get(reason);
    if (known === undefined) this.#counts.set(reason, { count: 1, message });
    else known.count += 1;
  }

  get list(): readonly CountedReason[] {
    const all = [...this.#counts].map(([reason, { count, message }]) => ({ reason, count, message }));
    return all.toSorted((one, other) => other.count - one.count).slice(0, MAX_REASONS);
  }
}

class PolicyCounts {
  selected = 0;
  signed = 0;
  stored = 0;
  verified = 0;
  audited = 0;
  failed = 0;
  waiting = 0;
  readonly reasons = new ReasonCounts();
}

class NamespaceCounts {
  readonly finished = new Set<string>();
  unselected = 0;
  readonly reasons = new ReasonCounts();
  readonly policies = new Map<string, PolicyCounts>();

  policy(name: PolicyName): PolicyCounts {
    const text = describePolicy(name);
    const known = this.policies.get(text) ?? new PolicyCounts();
    this.policies.set(text, known);
    return known;
  }
}

/** Counts records and runs one by one. Records come first, because a run asks for those that it has. */
export class Coverage {
  readonly #pipelines: Pipelines;
  readonly #now: Date;
  readonly #namespaces = new Map<string, NamespaceCounts>();
  readonly #records = new Set<string>();
  readonly #recordedRuns = new Set<string>();

  constructor(pipelines: Pipelines, now: Date) {
    this.#pipelines = pipelines;
    this.#now = now;
  }

  addRecord({ metadata, spec, status }: ProvenanceRecord): void {
    const counts = this.#in(metadata.namespace);
    counts.finished.add(spec.runRef.uid);
    this.#records.add(`${metadata.namespace}/${metadata.name}`);
    this.#recordedRuns.add(spec.runRef.uid);
    const namespace = spec.policyRef.kind === 'SigningPolicy' ? metadata.namespace : '';
    const policy = counts.policy({ ...spec.policyRef, namespace });
    const holds = (type: string): boolean => {
      const condition = status?.conditions?.find((each) => each.type === type);
      return condition?.status === 'True' && condition.observedGeneration === metadata.generation;
    };
    policy.selected += 1;
    if (holds('Signed')) policy.signed += 1;
    if (holds('Stored')) policy.stored += 1;
    if (holds('Verified')) policy.verified += 1;
    if (holds('Ready')) {
      if (spec.mode === 'Audit') policy.audited += 1;
      return;
    }
    const { reason = 'Progressing', message = 'its record has no status yet' } = status ?? {};
    const isWaiting = status === undefined || holds('Reconciling');
    if (isWaiting) policy.waiting += 1;
    else policy.failed += 1;
    policy.reasons.add(reason, `${spec.runRef.kind} ${spec.runRef.name}: ${message}`);
  }

  addRun(run: RunSummary): void {
    if (!isFinished(run)) return;
    const counts = this.#in(run.namespace);
    counts.finished.add(run.uid);
    const pipelines = this.#pipelines.forNamespace(run.namespace);
    const verdicts = pipelines.map(({ policy }) => ({ policy, why: whyNotSelected(policy, run, this.#now) }));
    const selecting = verdicts.filter(({ why }) => why === undefined);
    for (const { policy } of selecting) {
      if (this.#records.has(`${run.namespace}/${recordName(run, policy)}`)) continue;
      const found = counts.policy(policy);
      found.selected += 1;
      found.waiting += 1;
      found.reasons.add(
        'no record',
        `${run.kind} ${run.name}: there is no record yet: the operator is behind, or not running`,
      );
    }
    if (selecting.length > 0 || this.#recordedRuns.has(run.uid)) return;
    counts.unselected += 1;
    const why = verdicts[0]?.why ?? 'no policy reaches the namespace';
    // Times differ from run to run.
    counts.reasons.add(why.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(time)'), `${run.kind} ${run.name}: ${why}`);
  }

  /** The counts so far, by namespace and policy in the order of their names. Policies without runs are listed with zeros. */
  get namespaces(): readonly NamespaceCoverage[] {
    for (const policy of this.#pipelines.policies)
      if (policy.namespace !== '') this.#in(policy.namespace).policy(policy);
    return [...this.#namespaces].toSorted(byName).map(([namespace, { finished, unselected, reasons, policies }]) => ({
      namespace,
      finished: finished.size,
      unselected,
      unselectedReasons: reasons.list,
      policies: [...policies].toSorted(byName).map(([policy, { reasons: own, ...counts }]) => ({
        policy,
        ...counts,
        reasons: own.list,
      })),
    }));
  }

  #in(namespace: string): NamespaceCounts {
    const known = this.#namespaces.get(namespace) ?? new NamespaceCounts();
    this.#namespaces.set(namespace, known);
    return known;
  }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
