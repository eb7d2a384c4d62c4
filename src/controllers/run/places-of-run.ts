// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { ProvenanceRecordSpec } from '../../api/v1alpha1/provenance-record/schema.ts';
import { jsonSizeBytes } from '../../json/json-size.ts';
import { recordKey, type RecordKey } from '../../records/record-key.ts';
import type { DraftEvidence } from '../../records/record-object.ts';
import { WaitingError } from '../../runtime/queue/waiting-error.ts';
import { parseRunKey, type RunKey } from '../../tekton/run-key.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { LackingPipeline } from './gather-run.ts';
import type { PendingPipeline } from './run-snapshot.ts';

/** A run that waits is woken when there is room. It is looked at once in a while all the same. */
const LOOK_SECONDS = 600;

/** A record as it is about to be made. */
interface DraftParts {
  readonly spec: ProvenanceRecordSpec;
  readonly evidence: DraftEvidence;
}

/** The places of one run among the records that ceilings allow in its namespace. Those of ClusterSigningPolicies need none. */
export class PlacesOfRun {
  readonly #context: Pick<ControllerContext, 'recordRoom' | 'records'>;
  readonly #run: RunKey;
  readonly #waiting = new Map<RecordKey, string>();
  #beganToWait = false;
  #isDone = false;

  constructor(context: Pick<ControllerContext, 'recordRoom' | 'records'>, run: RunKey) {
    this.#context = context;
    this.#run = run;
  }

  /** The reason why a record of the run waits; undefined when none does. */
  get problem(): string | undefined {
    const [problem] = this.#waiting.values();
    return problem;
  }

  /** True when a record of the run waits that did not wait before. */
  get beganToWait(): boolean {
    return this.#beganToWait;
  }

  /** True when the record of a pipeline may be made now. Otherwise it waits, and its children need not be read. */
  admits(lacking: LackingPipeline): boolean {
    const record = this.#keyOf(lacking);
    if (!this.#needsPlace(lacking, record)) return true;
    return this.#waits(record, () => this.#context.recordRoom.enter(record, this.#run)) === undefined;
  }

  /**
   * The reason why the evidence of a record is left out: alone it takes more than ceilings allow all records. Undefined when it does not, and
   * for evidence that a record has already.
   */
  refusal(pending: PendingPipeline, { spec, evidence }: DraftParts): Problem | undefined {
    if (!isFirstEvidence(pending, evidence)) return undefined;
    const { namespace } = parseRunKey(this.#run);
    const message = this.#context.recordRoom.refusal(namespace, () => jsonSizeBytes({ spec, evidence }));
    return message === undefined ? undefined : { reason: reasons.PayloadTooLarge, message };
  }

  /**
   * Takes the place of a record before it is signed.
   *
   * @returns the release of it; undefined when there is none and the record waits
   */
  take(pending: PendingPipeline, { spec, evidence }: DraftParts): (() => void) | undefined {
    const record = this.#keyOf(pending);
    let known: number | undefined;
    const sizeBytes = (): number => (known ??= jsonSizeBytes({ spec, evidence }));
    const { recordRoom } = this.#context;
    const take = (): (() => void) | string => {
      if (this.#needsPlace(pending, record)) return recordRoom.reserve(record, this.#run, sizeBytes);
      if (!isFirstEvidence(pending, evidence)) return () => undefined;
      const addedBytes = (): number => sizeBytes() - (this.#context.records.get(record)?.sizeBytes ?? 0);
      return recordRoom.grow(record, this.#run, { addedBytes, finished: new Date(spec.completionTime) });
    };
    const taken = this.#waits(record, take);
    return typeof taken === 'function' ? taken : undefined;
  }

  /**
   * The wait of the run as a whole; undefined when none of its records waits.
   *
   * @param nextSeconds when the run is looked at again anyway
   */
  waiting(nextSeconds = LOOK_SECONDS): WaitingError | undefined {
    const { problem } = this;
    if (problem === undefined) return undefined;
    return new WaitingError(reasons.CeilingExceeded, problem, Math.min(LOOK_SECONDS, nextSeconds));
  }

  /** The policy of a record that may be made now has no turn for the run: others need not wait for it. */
  giveWay(lacking: LackingPipeline): void {
    this.#context.recordRoom.giveWay(this.#keyOf(lacking));
  }

  /** The look at the run has come to its end: what does not wait by now never will. */
  done(): void {
    this.#isDone = true;
  }

  /** The look at the run is over. After one that did not come to its end, what is not recorded stays in line. */
  end(): void {
    const { recordRoom, records } = this.#context;
    const comesAgain = (record: RecordKey): boolean => !this.#isDone && records.get(record) === undefined;
    recordRoom.settle(this.#run, new Set(this.#waiting.keys()), comesAgain);
  }

  #keyOf({ recordName: name }: LackingPipeline): RecordKey {
    return recordKey({ namespace: parseRunKey(this.#run).namespace, name });
  }

  #needsPlace({ pipeline: { policy } }: LackingPipeline, record: RecordKey): boolean {
    return policy.kind === 'SigningPolicy' && this.#context.records.get(record) === undefined;
  }

  #waits<Answer>(record: RecordKey, ask: () => Answer): Answer {
    const wasWaiting = this.#context.recordRoom.waitingSince(record) !== undefined;
    const answer = ask();
    if (typeof answer !== 'string') return answer;
    this.#waiting.set(record, answer);
    this.#beganToWait ||= !wasWaiting;
    return answer;
  }
}

/** True when a record whose bytes count is about to get its evidence, and has none so far. */
function isFirstEvidence({ pipeline: { policy }, existing }: PendingPipeline, { artifacts }: DraftEvidence): boolean {
  const isMade = (existing?.object.evidence?.artifacts ?? []).length > 0;
  return policy.kind === 'SigningPolicy' && !isMade && artifacts.length > 0;
}
