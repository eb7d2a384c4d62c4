// SPDX-License-Identifier: Apache-2.0
import { ApiObjects } from '../harness/api-objects.ts';
import { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { installMissing } from '../testbed/pool/install-layer.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';

const layers = ['hallmark-kinds'] as const;

/** A control plane that serves our kinds; `stop` ends it. */
export interface ApiUnderTest {
  readonly plane: ControlPlane;
  /** The API server as its administrator, for what needs no kubectl. */
  readonly objects: ApiObjects;
  stop(): Promise<void>;
}

/** Starts a control plane with the CRDs as they stand in `crds/`; resolves when all of them are served. */
export async function installedCrds(name: string): Promise<ApiUnderTest> {
  const supervisor = new Supervisor(name);
  try {
    const plane = await ControlPlane.start(supervisor, { layers });
    await installMissing(layers, plane, supervisor);
    return { plane, objects: new ApiObjects(plane), stop: () => supervisor.stop() };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}
