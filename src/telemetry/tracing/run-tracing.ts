// SPDX-License-Identifier: Apache-2.0

/** The run whose way is traced. */
export interface TracedRun {
  readonly uid: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** One step of the way of a run. */
export interface TracedStep {
  readonly name: 'gather' | 'sign' | 'create record' | 'witness' | 'store' | 'read back';
  /** Names and words of closed lists: never a message, a URL or a payload. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Traces the way of runs. All spans of a run are one trace, also across restarts and replicas. Must neither throw nor wait. */
export interface RunTracing {
  /** Does the work of a step, as a span. @param outcome the result in a word of a closed list */
  step<T>(run: TracedRun, step: TracedStep, work: () => Promise<T>, outcome?: (result: T) => string): Promise<T>;
  /** The first record of a run exists: the span of the run ends. @param completionTime the end of the run */
  recorded(run: TracedRun, completionTime: string): void;
}

/** Traces nothing. */
export const untraced: RunTracing = {
  step: (_run, _step, work) => work(),
  recorded: () => undefined,
};
