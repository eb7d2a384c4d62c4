// SPDX-License-Identifier: Apache-2.0
import { field, listField, objectField, stringField } from '../../../src/json/fields.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { waitUntil } from '../processes/wait-until.ts';

interface ServedVersion {
  readonly groupVersion: string;
  readonly plural: string;
}

/** Waits until the API server announces and lists the kinds of these CRDs, in all versions that they serve. */
export async function untilKindsServe(plane: ControlPlane, definitions: readonly unknown[]): Promise<void> {
  for (const { groupVersion, plural } of definitions.flatMap(servedVersions))
    await waitUntil(`${plural} of ${groupVersion} are served`, () => plane.isServing(groupVersion, plural));
}

function servedVersions(definition: unknown): readonly ServedVersion[] {
  const spec = objectField(definition, 'spec');
  const group = stringField(spec, 'group');
  const plural = stringField(objectField(spec, 'names'), 'plural');
  if (group === undefined || plural === undefined) throw new Error('a CRD has no group or plural');
  return listField(spec, 'versions')
    .filter((version) => field(version, 'served') === true)
    .map((version) => ({ groupVersion: `${group}/${stringField(version, 'name') ?? ''}`, plural }));
}
