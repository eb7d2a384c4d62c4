// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import Value from 'typebox/value';

/** One step of a Tekton pod, as a behaviour is asked about it. */
export interface TektonStep {
  readonly namespace: string;
  readonly pod: string;
  readonly taskRun: string;
  /** Empty for a TaskRun on its own. */
  readonly pipelineRun: string;
  /** The name of the Task, or else of the pipeline's task; empty for a TaskRun with its steps inline. */
  readonly taskName: string;
  /** Without the `step-` of its container. */
  readonly stepName: string;
  readonly isLast: boolean;
  readonly image: string;
  /** The step's own command and arguments. */
  readonly command: readonly string[];
  /** Names of the results that the task declares. */
  readonly results: readonly string[];
  readonly stepResults: readonly string[];
  /** The pod's, which are those of the TaskRun and, below them, of the PipelineRun. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** The outcome of a step. */
export interface StepOutcome {
  /** Run the step's command as a local process; everything but `imageID` then comes from it. */
  readonly execute?: boolean;
  /** 0 by default. */
  readonly exitCode?: number;
  /** Task results by name; what is no string is written as JSON. Names that the task does not declare are left out, as in Tekton. */
  readonly results?: Readonly<Record<string, unknown>>;
  readonly stepResults?: Readonly<Record<string, unknown>>;
  /** The image ID that the runtime reports; by default derived from the image's name. */
  readonly imageID?: string;
  /** Time before the step ends, on top of the agent's own delay. */
  readonly delayMilliseconds?: number;
}

/** Decides how a step ends; `undefined` leaves it to the annotations. */
export type TektonBehaviour = (step: TektonStep) => StepOutcome | undefined | Promise<StepOutcome | undefined>;

/** Annotations by which a run says how it ends: a JSON object of results, and the last step's exit code. */
export const resultsAnnotation = 'testbed.hallmark.dev/results';
export const exitCodeAnnotation = 'testbed.hallmark.dev/exit-code';

const Results = Type.Record(Type.String(), Type.Unknown());

/** The behaviour that the annotations ask for: the last step leaves the results and the exit code. `undefined` when there are none. */
export function annotatedOutcome({ annotations, isLast, pod }: TektonStep): StepOutcome | undefined {
  const { [resultsAnnotation]: resultsText, [exitCodeAnnotation]: exitCodeText } = annotations;
  if (resultsText === undefined && exitCodeText === undefined) return undefined;
  if (!isLast) return {};
  const results: unknown = JSON.parse(resultsText ?? '{}');
  if (!Value.Check(Results, results)) throw new Error(`${resultsAnnotation} of the pod ${pod} is no JSON object`);
  const exitCode = Number(exitCodeText ?? 0);
  if (!Number.isInteger(exitCode)) throw new Error(`${exitCodeAnnotation} of the pod ${pod} is no whole number`);
  return { exitCode, results };
}
