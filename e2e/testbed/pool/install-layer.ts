// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { untilEstablished } from '../control-plane/until-established.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { installTektonKinds, Tekton } from '../tekton/tekton.ts';
import type { PlaneLayer } from './plane-layer.ts';
import { untilKindsServe } from './until-kinds-serve.ts';

const crds = join(import.meta.dirname, '..', '..', '..', 'crds');

/** A layer on a control plane: what it needs besides objects. */
export interface InstalledLayer {
  /** Waits until it serves again after its objects were restored. */
  untilServing(): Promise<void>;
  /** Ends its processes; its objects stay. */
  stop(): Promise<void>;
}

/** Puts a layer on a control plane; resolves when it serves. */
export async function installLayer(
  layer: PlaneLayer,
  plane: ControlPlane,
  supervisor: Supervisor,
): Promise<InstalledLayer> {
  if (layer === 'tekton') {
    const tekton = await Tekton.start(plane, supervisor);
    return { untilServing: () => tekton.untilAdmitting(plane), stop: () => tekton.stop() };
  }
  const definitions = await (layer === 'tekton-kinds' ? installTektonKinds(plane) : installHallmarkKinds(plane));
  return { untilServing: () => untilKindsServe(plane, definitions), stop: () => Promise.resolve() };
}

/** Puts those of these layers on a control plane that the suite has not put there. Their processes end with the supervisor. */
export async function installMissing(
  layers: readonly PlaneLayer[],
  plane: ControlPlane,
  supervisor: Supervisor,
): Promise<void> {
  for (const layer of layers) if (!plane.access.layers.includes(layer)) await installLayer(layer, plane, supervisor);
}

/** Installs the CRDs as they stand in `crds/`; resolves with them when all of them are served. */
async function installHallmarkKinds(plane: ControlPlane): Promise<readonly unknown[]> {
  await plane.kubectl(['create', '-f', crds]);
  await untilEstablished((args) => plane.kubectl(args), ['-f', crds]);
  return readdirSync(crds).map((name): unknown => parse(readFileSync(join(crds, name), 'utf8')));
}
