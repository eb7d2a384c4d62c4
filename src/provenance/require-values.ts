// SPDX-License-Identifier: Apache-2.0
import { untyped } from '../tekton/go/json-node.ts';
import { PayloadError } from '../tekton/payload-error.ts';
import type { NamedValue, Run } from '../tekton/run.ts';

/** Parameters are stated whole, so each must have a value. @throws PayloadError that names the one without */
export function requireValues({ kind, params }: Run): void {
  requireValue(`${kind}.spec.params: parameter`, params);
}

/** The same for a run that is stated whole, as the child of another. */
export function requireAllValues(run: Run): void {
  const named = `${run.kind} ${run.name}:`;
  requireValue(`${named} parameter`, run.params);
  requireValue(`${named} result`, run.results);
  if (run.kind !== 'TaskRun') return;
  for (const step of run.steps) requireValue(`${named} result of step ${JSON.stringify(step.name)}`, step.results);
}

function requireValue(where: string, values: readonly NamedValue[]): void {
  const missing = values.find(({ value }) => value === untyped);
  if (missing === undefined) return;
  throw new PayloadError('PayloadInvalid', `${where} ${JSON.stringify(missing.name)} has no value`);
}
