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
const LOOK_MS = 2000;
const MAX_SHOWN = 10;
/** Records that keep changing while their request is taken back are left to it after so many tries. */
const MAX_WITHDRAWALS = 5;

type Standing = 'held' | 'waiting' | 'unasked';

interface Seen {
  readonly unasked: readonly ProvenanceRecord[];
  readonly waiting: readonly ProvenanceRecord[];
  /** How many the backend holds. */
  readonly held: number;
  /** Of these, what still carries its request. */
  readonly answered: readonly ProvenanceRecord[];
}

/** Asks for records to be stored in one more backend, at a bounded rate, and waits until they are. */
export class Backfill {
  readonly #work: BackfillWork;

  constructor(work: BackfillWork) {
    this.#work = work;
  }

  /** Says how many records there are to store. @returns that number */
  async count(signal: AbortSignal): Promise<number> {
    const seen = await this.#look(signal);
    this.#sayOpen(seen);
    return openIn(seen);
  }

  /** @returns how many records are still not stored when the signal aborts; 0 when all are */
  async run(signal: AbortSignal): Promise<number> {
    let seen = await this.#look(signal);
    this.#sayOpen(seen);
    let shown = -1;
    try {
      while (openIn(seen) > 0) {
        // Each time anew: a record that was signed since, or whose request somebody else overwrote, is asked for then.
        await this.#ask(seen.unasked, signal);
        await this.#work.clock.sleep(LOOK_MS, signal);
        seen = await this.#look(signal);
        if (seen.held !== shown) this.#work.onProgress(`${seen.held} of ${seen.held + openIn(seen)} stored`);
        shown = seen.held;
      }
      await this.#withdraw(seen.answered, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#sayLeft([...seen.unasked, ...seen.waiting]);
      return openIn(seen);
    }
    this.#work.onProgress(`records stored in ${this.#target()}: all of ${seen.held}`);
    return 0;
  }

  async #ask(records: readonly ProvenanceRecord[], signal: AbortSignal): Promise<void> {
    const { clock, perSecond, onProgress } = this.#work;
    let asked = 0;
    for (const record of records) {
      await this.#request(record, [...requested(record), this.#target()], signal);
      asked += 1;
      if (asked % 100 === 0) onProgress(`asked for ${asked} of ${records.length}`);
      await clock.sleep(1000 / perSecond, signal);
    }
  }

  /** A request that is answered is taken back: what vanishes later is to be seen, and not to be put back in silence. */
  async #withdraw(records: readonly ProvenanceRecord[], signal: AbortSignal): Promise<void> {
    let left = records;
    for (let round = 0; left.length > 0 && round < MAX_WITHDRAWALS; round += 1) {
      for (const record of left) {
        const others = requested(record).filter((target) => target !== this.#target());
        await this.#request(record, others, signal);
      }
      left = (await this.#look(signal)).answered;
    }
  }

  /** Of this version of the record alone: a request that somebody made for another backend meanwhile must not be lost. */
  async #request({ metadata }: ProvenanceRecord, targets: readonly string[], signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, resourceVersion } = metadata;
    const request = targets.length === 0 ? null : targets.join(',');
    const annotations = { [BACKFILL_ANNOTATION]: request };
    const patch = { metadata: { namespace, name, uid, resourceVersion, annotations } };
    await this.#work.client.mergePatch(RESOURCE, patch, { signal }).catch((error: unknown) => {
      // It was retired or changed meanwhile, and is looked at again.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    });
  }

  async #look(signal: AbortSignal): Promise<Seen> {
    const { client, scope } = this.#work;
    const found = { unasked: new Map<string, ProvenanceRecord>(), waiting: new Map<string, ProvenanceRecord>() };
    const held = new Map<string, ProvenanceRecord>();
    const where = scope.namespace === undefined ? {} : { namespace: scope.namespace };
    for await (const object of client.list(RESOURCE, { ...where, signal })) {
      const parsed = parseProvenanceRecord(object);
      if (!parsed.ok || !this.#isMeant(parsed.value)) continue;
      const key = objectKey(parsed.value.metadata);
      const standing = this.#standing(parsed.value);
      (standing === 'held' ? held : found[standing]).set(key, parsed.value);
    }
    const answered = [...held.values()].filter((record) => this.#isAsked(record));
    return { unasked: [...found.unasked.values()], waiting: [...found.waiting.values()], held: held.size, answered };
  }

  /** What was never signed has nothing to store; what is promised to the backend is stored without being asked for. */
  #isMeant(record: ProvenanceRecord): boolean {
    const { policy, since } = this.#work.scope;
    const { spec, evidence } = record;
    const artifacts = evidence?.artifacts ?? [];
    if (artifacts.length === 0 || artifacts.some(({ signature }) => signature === undefined)) return false;
    if (policy !== undefined && spec.policyRef.name !== policy) return false;
    return since === undefined || Date.parse(spec.completionTime) >= since.getTime();
  }

  #standing(record: ProvenanceRecord): Standing {
    const { kind, name } = this.#work.backend;
    const entry = record.status?.storage?.find(
      ({ backendRef }) => backendRef.kind === kind && backendRef.name === name,
    );
    // One that has no place for anything of the record has nothing to wait for either.
    if (entry?.state === 'NotApplicable') return 'held';
    if (entry?.state === 'Stored' && entry.verification?.state !== 'Failed') return 'held';
    const isPromised = record.spec.backendRefs?.some((ref) => ref.kind === kind && ref.name === name) === true;
    const isLost = entry?.state === 'Stored';
    return this.#isAsked(record) || (isPromised && !isLost) ? 'waiting' : 'unasked';
  }

  #isAsked(record: ProvenanceRecord): boolean {
    return requested(record).includes(this.#target());
  }

  #sayOpen(seen: Seen): void {
    const { onProgress } = this.#work;
    onProgress(`records to store in ${this.#target()}: ${openIn(seen)}; stored already: ${seen.held}`);
  }

  #sayLeft(records: readonly ProvenanceRecord[]): void {
    const { kind, name } = this.#work.backend;
    this.#work.onProgress(`records not stored yet: ${records.length}; the operator continues with them:`);
    for (const { metadata, status } of records.slice(0, MAX_SHOWN)) {
      const entry = status?.storage?.find(({ backendRef }) => backendRef.kind === kind && backendRef.name === name);
      this.#work.onProgress(`  ${objectKey(metadata)}: ${entry?.message ?? 'not looked at yet'}`);
    }
  }

  #target(): string {
    const { kind, name } = this.#work.backend;
    return `${kind}/${name}`;
  }
}

function openIn({ unasked, waiting }: Seen): number {
  return unasked.length + waiting.length;
}

function requested({ metadata }: ProvenanceRecord): readonly string[] {
  const text = metadata.annotations?.[BACKFILL_ANNOTATION] ?? '';
  return text.split(',').filter((target) => target !== '');
}
