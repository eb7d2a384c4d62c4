// SPDX-License-Identifier: Apache-2.0
import { warning } from '../api/v1alpha1/warning.ts';
import type { StepState, TaskRun } from '../tekton/run.ts';
import type { DigestEntry } from './digest-entries.ts';

/** Drop the prefix that Docker's container runtime used to add. */
export function withoutPullablePrefix(imageID: string): string {
  return imageID.startsWith('docker-pullable://') ? imageID.slice('docker-pullable://'.length) : imageID;
}

/**
 * List the images of the steps, then of the sidecars. An image whose ID has no digest (a step that never started has
 * none) is left out with a warning; the reference rejects the whole run.
 */
export function imageMaterials(run: TaskRun, warnings: string[]): readonly DigestEntry[] {
  const states = [
    ...run.steps.map((state) => ({ state, what: 'step' })),
    ...run.sidecars.map((state) => ({ state, what: 'sidecar' })),
  ];
  const materials: DigestEntry[] = [];
  for (const { state, what } of states) {
    const material = imageMaterial(state);
    if (material === undefined) warnings.push(missingImage(run.name, what, state));
    else materials.push(material);
  }
  return materials;
}

function imageMaterial({ imageID }: StepState): DigestEntry | undefined {
  const [reference, digest, ...rest] = imageID.split('@');
  if (reference === undefined || digest === undefined || rest.length > 0) return undefined;
  const [algorithm, hex, ...more] = digest.split(':');
  if (algorithm === undefined || hex === undefined || more.length > 0) return undefined;
  return { name: `oci://${withoutPullablePrefix(reference)}`, digest: Object.fromEntries([[algorithm, hex]]) };
}

function missingImage(run: string, what: string, { name, imageID }: StepState): string {
  const fault = imageID === '' ? 'is empty' : `has no digest: ${JSON.stringify(imageID.slice(0, 128))}`;
  const lost = `the image of ${what} ${JSON.stringify(name)} of TaskRun ${run} is not among the materials`;
  return warning('MaterialMissing', `${lost}: its imageID ${fault}`);
}
