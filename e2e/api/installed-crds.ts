// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { ApiObjects } from '../harness/api-objects.ts';
import { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';

const crds = join(import.meta.dirname, '..', '..', 'crds');

/** A control plane that serves our kinds; `stop` ends it. */
export interface ApiUnderTest {
  readonly plane: ControlPlane;
  /** The API server as its administrator, for what needs no kubectl. */
  readonly objects: ApiObjects;
  stop(): Promise<void>;
}

/** Starts a control plane and installs the CRDs as they stand in `crds/`; resolves when all of them are served. */
export async function installedCrds(name: string): Promise<ApiUnderTest> {
  const supervisor = new Supervisor(name);
  try {
    const plane = await ControlPlane.start(supervisor);
    await plane.kubectl(['apply', '-f', crds]);
    await plane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', crds]);
    return { plane, objects: new ApiObjects(plane), stop: () => supervisor.stop() };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}
