// SPDX-License-Identifier: Apache-2.0
import { ControlPlane } from '../control-plane/control-plane.ts';
import type { PlaneAccess } from '../control-plane/plane-access.ts';
import { Supervisor } from '../processes/supervisor.ts';
import { EtcdSnapshot } from './etcd-snapshot.ts';
import { installLayer, type InstalledLayer } from './install-layer.ts';
import { commonLayers, type PlaneLayer } from './plane-layer.ts';

/** A layer, and what the control plane held when it had come to rest with it. */
interface FreshLayer {
  readonly layer: PlaneLayer;
  readonly installed: InstalledLayer;
  readonly snapshot: EtcdSnapshot;
}

/** A control plane that tests have one after the other, each as fresh as the first. */
export class PooledPlane {
  readonly #supervisor: Supervisor;
  readonly #plane: ControlPlane;
  readonly #plain: EtcdSnapshot;
  /** From the lowest one on. */
  readonly #stack: FreshLayer[] = [];

  private constructor(supervisor: Supervisor, plane: ControlPlane, plain: EtcdSnapshot) {
    this.#supervisor = supervisor;
    this.#plane = plane;
    this.#plain = plain;
  }

  static async start(): Promise<PooledPlane> {
    const supervisor = new Supervisor('pool');
    try {
      const plane = await ControlPlane.start(supervisor, { own: true });
      return new PooledPlane(supervisor, plane, await EtcdSnapshot.take(plane.access.etcdURL));
    } catch (error) {
      supervisor.keepLogs();
      await supervisor.stop();
      throw error;
    }
  }

  get layers(): readonly PlaneLayer[] {
    return this.#stack.map(({ layer }) => layer);
  }

  get access(): PlaneAccess {
    return { ...this.#plane.access, layers: this.layers };
  }

  /** Takes everything away that the last test left. */
  async clean(): Promise<void> {
    await (this.#stack.at(-1)?.snapshot ?? this.#plain).restore();
  }

  /** Makes it ready for a test: what came late is taken away too, and it has these layers and no other. */
  async prepare(layers: readonly PlaneLayer[]): Promise<void> {
    const kept = commonLayers(this.layers, layers);
    for (const { installed } of this.#stack.splice(kept).toReversed()) await installed.stop();
    await this.clean();
    for (const { installed } of this.#stack) await installed.untilServing();
    for (const layer of layers.slice(kept)) {
      const installed = await installLayer(layer, this.#plane, this.#supervisor);
      this.#stack.push({ layer, installed, snapshot: await EtcdSnapshot.take(this.#plane.access.etcdURL) });
    }
    if (!(await this.#plane.isReady())) throw new Error('the API server is not ready');
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  /** Leaves the logs in place when everything is over. */
  keepLogs(): void {
    this.#supervisor.keepLogs();
  }
}
