// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../../api/v1alpha1/kinds.ts';
import { parseProvenanceRecord } from '../../api/v1alpha1/parsing/parse.ts';
import type { ProvenanceRecord } from '../../api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { BACKFILL_ANNOTATION } from '../../records/backfill-request.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { isConflict, isNotFound } from '../../kube/kube-error.ts';
import { objectKey } from '../../kube/resource.ts';
import type { Clock } from '../../runtime/clock.ts';

/** The backend to fill. */
export interface BackfillTarget {
  readonly kind: BackendKind;
  readonly name: string;
}

export interface BackfillWork {
  readonly client: Pick<KubeClient, 'list' | 'mergePatch'>;
  readonly clock: Clock;
  readonly backend: BackfillTarget;
  readonly scope: {
    /** Undefined for every namespace. */
    readonly namespace: string | undefined;
    readonly policy?: string;
    readonly since?: Date;
  };
  readonly perSecond: number;
  readonly onProgress: (line: string) => void;
}

const RESOURCE = hallmarkResource('ProvenanceRecord');
const POLL_MS = 2000;
const MAX_SHOWN = 10;
/** The number of tries to withdraw the requests of records that keep changing. */
const MAX_WITHDRAWALS = 5;

type BackfillState = 'held' | 'waiting' | 'unrequested';

interface Survey {
  readonly unrequested: readonly ProvenanceRecord[];
  readonly waiting: readonly ProvenanceRecord[];
  /** The number of records that the backend holds. */
  readonly held: number;
  /** Records that the backend holds but that still carry the request. */
  readonly fulfilled: readonly ProvenanceRecord[];
}

/** Requests that records are stored in one more backend, at a bounded rate, and waits until they are. */
export class Backfill {
  readonly #work: BackfillWork;

  constructor(work: BackfillWork) {
    this.#work = work;
  }

  /** Counts and prints the records to store. */
  async count(signal: AbortSignal): Promise<number> {
    const survey = await this.#survey(signal);
    this.#printOpen(survey);
    return openIn(survey);
  }

  /** Requests all records. @returns the number of records that are not stored when the signal aborts, or 0 */
  async run(signal: AbortSignal): Promise<number> {
    let survey = await this.#survey(signal);
    this.#printOpen(survey);
    let shown = -1;
    try {
      while (openIn(survey) > 0) {
        // Repeat for records that were signed meanwhile, or whose request someone overwrote.
        await this.#requestAll(survey.unrequested, signal);
        await this.#work.clock.sleep(POLL_MS, signal);
        survey = await this.#survey(signal);
        if (survey.held !== shown) this.#work.onProgress(`${survey.held} of ${survey.held + openIn(survey)} stored`);
        shown = survey.held;
      }
      await this.#withdraw(survey.fulfilled, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#printLeft([...survey.unrequested, ...survey.waiting]);
      return openIn(survey);
    }
    this.#work.onProgress(`records stored in ${this.#target()}: all of ${survey.held}`);
    return 0;
  }

  async #requestAll(records: readonly ProvenanceRecord[], signal: AbortSignal): Promise<void> {
    const { clock, perSecond, onProgress } = this.#work;
    let asked = 0;
    for (const record of records) {
      await this.#request(record, [...requested(record), this.#target()], signal);
      asked += 1;
      if (asked % 100 === 0) onProgress(`requested ${asked} of ${records.length}`);
      await clock.sleep(1000 / perSecond, signal);
    }
  }

  /** Withdraws fulfilled requests, so that evidence that vanishes later is reported instead of silently stored again. */
  async #withdraw(records: readonly ProvenanceRecord[], signal: AbortSignal): Promise<void> {
    let left = records;
    for (let round = 0; left.length > 0 && round < MAX_WITHDRAWALS; round += 1) {
      for (const record of left) {
        const others = requested(record).filter((target) => target !== this.#target());
        await this.#request(record, others, signal);
      }
      left = (await this.#survey(signal)).fulfilled;
    }
  }

  /** Patches only this version of the record, so that a concurrent request for another backend is not lost. */
  async #request({ metadata }: ProvenanceRecord, targets: readonly string[], signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, resourceVersion } = metadata;
    const request = targets.length === 0 ? null : targets.join(',');
    const annotations = { [BACKFILL_ANNOTATION]: request };
    const patch = { metadata: { namespace, name, uid, resourceVersion, annotations } };
    await this.#work.client.mergePatch(RESOURCE, patch, { signal }).catch((error: unknown) => {
      // It was retired or changed meanwhile, and is read again.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    });
  }

  async #survey(signal: AbortSignal): Promise<Survey> {
    const { client, scope } = this.#work;
    const missing = { unrequested: new Map<string, ProvenanceRecord>(), waiting: new Map<string, ProvenanceRecord>() };
    const held = new Map<string, ProvenanceRecord>();
    const where = scope.namespace === undefined ? {} : { namespace: scope.namespace };
    for await (const object of client.list(RESOURCE, { ...where, signal })) {
      const parsed = parseProvenanceRecord(object);
      if (!parsed.ok || !this.#isInScope(parsed.value)) continue;
      const key = objectKey(parsed.value.metadata);
      const state = this.#state(parsed.value);
      (state === 'held' ? held : missing[state]).set(key, parsed.value);
    }
    const fulfilled = [...held.values()].filter((record) => this.#isRequested(record));
    return {
      unrequested: [...missing.unrequested.values()],
      waiting: [...missing.waiting.values()],
      held: held.size,
      fulfilled,
    };
  }

  /** Skips unsigned records, which have nothing to store. */
  #isInScope(record: ProvenanceRecord): boolean {
    const { policy, since } = this.#work.scope;
    const { spec, evidence } = record;
    const artifacts = evidence?.artifacts ?? [];
    if (artifacts.length === 0 || artifacts.some(({ signature }) => signature === undefined)) return false;
    if (policy !== undefined && spec.policyRef.name !== policy) return false;
    return since === undefined || Date.parse(spec.completionTime) >= since.getTime();
  }

  #state(record: ProvenanceRecord): BackfillState {
    const { kind, name } = this.#work.backend;
    const entry = record.status?.storage?.find(
      ({ backendRef }) => backendRef.kind === kind && backendRef.name === name,
    );
    // A backend that can hold nothing of the record has nothing to wait for.
    if (entry?.state === 'NotApplicable') return 'held';
    if (entry?.state === 'Stored' && entry.verification?.state !== 'Failed') return 'held';
    const isPromised = record.spec.backendRefs?.some((ref) => ref.kind === kind && ref.name === name) === true;
    const isLost = entry?.state === 'Stored';
    return this.#isRequested(record) || (isPromised && !isLost) ? 'waiting' : 'unrequested';
  }

  #isRequested(record: ProvenanceRecord): boolean {
    return requested(record).includes(this.#target());
  }

  #printOpen(survey: Survey): void {
    const { onProgress } = this.#work;
    onProgress(`records to store in ${this.#target()}: ${openIn(survey)}; stored already: ${survey.held}`);
  }

  #printLeft(records: readonly ProvenanceRecord[]): void {
    const { kind, name } = this.#work.backend;
    this.#work.onProgress(`records not stored yet: ${records.length}; the operator continues with them:`);
    for (const { metadata, status } of records.slice(0, MAX_SHOWN)) {
      const entry = status?.storage?.find(({ backendRef }) => backendRef.kind === kind && backendRef.name === name);
      this.#work.onProgress(`  ${objectKey(metadata)}: ${entry?.message ?? 'not processed yet'}`);
    }
  }

  #target(): string {
    const { kind, name } = this.#work.backend;
    return `${kind}/${name}`;
  }
}

function openIn({ unrequested, waiting }: Survey): number {
  return unrequested.length + waiting.length;
}

function requested({ metadata }: ProvenanceRecord): readonly string[] {
  const text = metadata.annotations?.[BACKFILL_ANNOTATION] ?? '';
  return text.split(',').filter((target) => target !== '');
}
