// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { DriverContext } from '../../src/storage/driver.ts';
import { KubeClient } from '../../src/kube/kube-client.ts';
import { KubeConnection } from '../../src/kube/kube-connection.ts';
import { KubeObjectReader } from '../../src/kube/kube-object-reader.ts';
import { KubeRunAnnotator } from '../../src/kube/kube-run-annotator.ts';
import { KubeTokenSource } from '../../src/kube/kube-token-source.ts';
import type { TokenDestination } from '../../src/kube/kube-token-source.ts';
import { EgressClient } from '../../src/net/egress-client.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Cluster } from '../harness/cluster.ts';
import { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { installMissing } from '../testbed/pool/install-layer.ts';
import type { PlaneLayer } from '../testbed/pool/plane-layer.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { readFileSync } from 'node:fs';

/** A control plane, and everything a driver needs to work on it as in production. */
export class StorageBed {
  readonly supervisor: Supervisor;
  readonly plane: ControlPlane;
  readonly #cluster: Cluster;
  readonly #doors: EgressClient[] = [];

  private constructor(supervisor: Supervisor, plane: ControlPlane) {
    this.supervisor = supervisor;
    this.plane = plane;
    this.#cluster = new Cluster(plane);
  }

  /** @param layers - what the control plane has from the start; nothing by default */
  static async start(label: string, layers: readonly PlaneLayer[] = []): Promise<StorageBed> {
    const supervisor = new Supervisor(label);
    const plane = await ControlPlane.start(supervisor, { layers });
    await installMissing(layers, plane, supervisor);
    return new StorageBed(supervisor, plane);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#doors.map((egress) => egress.close()));
    await this.supervisor.stop();
  }

  /** A context whose egress lets through exactly these `host:port` pairs, and tokens of these audiences. */
  context(
    allow: readonly string[],
    kubeconfigPath = this.plane.kubeconfigPath,
    destinations: readonly TokenDestination[] = [],
  ): DriverContext {
    const connection = KubeConnection.fromText(readFileSync(kubeconfigPath, 'utf8'), { clock: systemClock });
    const client = new KubeClient({ connection, clock: systemClock, userAgent: 'hallmark/test' });
    const egress = new EgressClient({ allow });
    this.#doors.push(egress);
    const objects = new KubeObjectReader({ client, clock: systemClock, secretAgeMs: 0 });
    const tokens = new KubeTokenSource({ client, clock: systemClock, destinations });
    return { objects, tokens, annotator: new KubeRunAnnotator(client), egress, clock: systemClock };
  }

  async namespace(): Promise<string> {
    const name = `team-${randomUUID().slice(0, 8)}`;
    await this.#cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return name;
  }

  apply(...objects: readonly object[]): Promise<void> {
    return this.#cluster.apply(...objects);
  }
}
