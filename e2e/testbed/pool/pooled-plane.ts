// SPDX-License-Identifier: Apache-2.0
import { ControlPlane } from '../control-plane/control-plane.ts';
import type { PlaneAccess } from '../control-plane/plane-access.ts';
import { Supervisor } from '../processes/supervisor.ts';
import { Tekton } from '../tekton/tekton.ts';
import { EtcdSnapshot } from './etcd-snapshot.ts';

/** The snapshots that a control plane is restored to, without Tekton or with it. */
interface Fresh {
  readonly plain: EtcdSnapshot;
  tekton?: { readonly servers: Tekton; readonly snapshot: EtcdSnapshot };
}

/** A control plane that tests have one after the other, each as fresh as the first. */
export class PooledPlane {
  readonly #supervisor: Supervisor;
  readonly #plane: ControlPlane;
  readonly #fresh: Fresh;

  private constructor(supervisor: Supervisor, plane: ControlPlane, plain: EtcdSnapshot) {
    this.#supervisor = supervisor;
    this.#plane = plane;
    this.#fresh = { plain };
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

  get hasTekton(): boolean {
    return this.#fresh.tekton !== undefined;
  }

  get access(): PlaneAccess {
    return { ...this.#plane.access, hasTekton: this.hasTekton };
  }

  /** Takes everything away that the last test left. */
  async clean(): Promise<void> {
    const { plain, tekton } = this.#fresh;
    await (tekton?.snapshot ?? plain).restore();
  }

  /** Makes it ready for a test: what came late is taken away too, and Tekton is there or is not, as the test wants it. */
  async prepare(withTekton: boolean): Promise<void> {
    if (!withTekton && this.#fresh.tekton !== undefined) {
      await this.#fresh.tekton.servers.stop();
      delete this.#fresh.tekton;
    }
    await this.clean();
    if (withTekton) await this.#withTekton();
    if (!(await this.#plane.isReady())) throw new Error('the API server is not ready');
  }

  async #withTekton(): Promise<void> {
    if (this.#fresh.tekton !== undefined) {
      await this.#fresh.tekton.servers.untilAdmitting(this.#plane);
      return;
    }
    const servers = await Tekton.start(this.#plane, this.#supervisor);
    this.#fresh.tekton = { servers, snapshot: await EtcdSnapshot.take(this.#plane.access.etcdURL) };
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  /** Leaves the logs in place when everything is over. */
  keepLogs(): void {
    this.#supervisor.keepLogs();
  }
}
