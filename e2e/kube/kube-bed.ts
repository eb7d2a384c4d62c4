// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/runtime/clock.ts';
import { NAMESPACES } from '../../src/kube/core-resources.ts';
import { KubeClient, type WritableObject } from '../../src/kube/kube-client.ts';
import { KubeConnection } from '../../src/kube/kube-connection.ts';
import { isNotFound } from '../../src/kube/kube-error.ts';
import type { KubeRequest } from '../../src/kube/kube-observer.ts';
import { ControlPlane, type ControlPlaneOptions } from '../testbed/control-plane/control-plane.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { configMapValues } from './config-map-story.ts';

export interface BedClient {
  readonly client: KubeClient;
  readonly connection: KubeConnection;
  /** Every request it made. */
  readonly requests: KubeRequest[];
}

/** A signal for calls that are never aborted. */
export const unhurried = new AbortController().signal;

/** A real control plane and clients to it. */
export class KubeBed {
  readonly plane: ControlPlane;
  /** The administrator's own client. */
  readonly admin: KubeClient;
  readonly #supervisor: Supervisor;
  readonly #connections: KubeConnection[] = [];

  private constructor(supervisor: Supervisor, plane: ControlPlane) {
    this.#supervisor = supervisor;
    this.plane = plane;
    this.admin = this.client().client;
  }

  static async start(label: string, options: ControlPlaneOptions = {}): Promise<KubeBed> {
    const supervisor = new Supervisor(label);
    return new KubeBed(supervisor, await ControlPlane.start(supervisor, options));
  }

  client(kubeconfigPath = this.plane.kubeconfigPath, maxConnections = 32): BedClient {
    const kubeconfig = readFileSync(kubeconfigPath, 'utf8');
    const connection = KubeConnection.fromText(kubeconfig, { clock: systemClock, maxConnections });
    this.#connections.push(connection);
    const requests: KubeRequest[] = [];
    const observer = { requested: (request: KubeRequest): void => void requests.push(request) };
    const client = new KubeClient({ connection, clock: systemClock, userAgent: 'hallmark/test', observer });
    return { client, connection, requests };
  }

  async namespace(name: string): Promise<string> {
    await this.admin.create(NAMESPACES, { metadata: { name } }, { signal: unhurried });
    return name;
  }

  /** Makes or changes a ConfigMap as the tests know them. */
  async put(namespace: string, name: string, value: string): Promise<void> {
    const object = configMapObject(namespace, name, value);
    try {
      await this.admin.replace(configMapValues, object, { signal: unhurried });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.admin.create(configMapValues, object, { signal: unhurried });
    }
  }

  async remove(namespace: string, name: string): Promise<void> {
    await this.admin.delete(configMapValues, { namespace, name }, { signal: unhurried });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
    await this.#supervisor.stop();
  }
}

export function configMapObject(namespace: string, name: string, value: string): WritableObject {
  const object = { metadata: { namespace, name }, data: { value } };
  return object;
}
