// SPDX-License-Identifier: Apache-2.0
import { untyped } from '../tekton/json-node.ts';
import { PayloadError } from '../tekton/payload-error.ts';
import type { Run } from '../tekton/run.ts';

/** Parameters are stated whole, so each must have a value. */
export function requireValues({ kind, params }: Run): void {
  const missing = params.find(({ value }) => value === untyped);
  if (missing === undefined) return;
  throw new PayloadError(
    'PayloadInvalid',
    `${kind}.spec.params: parameter ${JSON.stringify(missing.name)} has no value`,
  );
}
