// SPDX-License-Identifier: Apache-2.0

/** The type of an entry in Tekton's termination message; the numbers are those of `pkg/result` in tektoncd/pipeline. */
export const runResultType = { taskRun: 1, internal: 3, step: 4, stepArtifacts: 5, taskRunArtifacts: 6 } as const;

export interface RunResult {
  readonly key: string;
  readonly value: string;
  readonly type: (typeof runResultType)[keyof typeof runResultType];
}

/** The kubelet keeps no more of a message. */
const limitBytes = 4096;

/** The entry by which Tekton learns when the step itself began. */
export function startedAt(date: Date): RunResult {
  return { key: 'StartedAt', value: date.toISOString(), type: runResultType.internal };
}

/** The message that Tekton's entrypoint would leave; `undefined` when the entries are too long for one, which fails the step. */
export function terminationMessage(entries: readonly RunResult[]): string | undefined {
  const message = JSON.stringify(entries);
  return Buffer.byteLength(message) > limitBytes ? undefined : message;
}

/** Named values as entries; what is no string is written as JSON, as a step writes arrays and objects. */
export function resultEntries(
  values: Readonly<Record<string, unknown>>,
  type: RunResult['type'],
): readonly RunResult[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? value : JSON.stringify(value),
    type,
  }));
}
