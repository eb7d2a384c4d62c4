// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { setArguments } from '../../codegen/chart/value-sets.ts';
import { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { startNodeAgent, type NodeAgent } from '../testbed/node-agent/node-agent.ts';
import type { CommandOutput } from '../testbed/processes/run-command.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { Tekton } from '../testbed/tekton/tekton.ts';
import { chart, helm, releaseNamespace } from './helm.ts';

/** Who a request is made as, by impersonation; the administrator by default. */
export interface Identity {
  readonly user: string;
  readonly groups?: readonly string[];
}

export const operator: Identity = { user: `system:serviceaccount:${releaseNamespace}:hallmark` };

/** A cluster administrator who is not the operator. */
export const administrator: Identity = { user: 'alice', groups: ['system:masters'] };

/** A control plane that the chart is installed into. Without nodes: the tests here are about objects and rights. */
export class ChartCluster {
  readonly #supervisor: Supervisor;
  readonly #plane: ControlPlane;

  private constructor(supervisor: Supervisor, plane: ControlPlane) {
    this.#supervisor = supervisor;
    this.#plane = plane;
  }

  static async start(label: string): Promise<ChartCluster> {
    const supervisor = new Supervisor(label);
    try {
      return new ChartCluster(supervisor, await ControlPlane.start(supervisor));
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
  }

  /** Tekton's CRDs, webhook and controller, so that what is applied is what Tekton takes. */
  async startTekton(): Promise<void> {
    await Tekton.start(this.#plane, this.#supervisor);
  }

  /** Somebody who runs the pods: the operator's from this checkout, Tekton's without doing their work. */
  startNode(): Promise<NodeAgent> {
    const checkout = join(import.meta.dirname, '..', '..');
    return startNodeAgent({
      kubeconfigPath: this.#plane.kubeconfigPath,
      images: { 'registry.hallmark.dev/hallmark': { command: ['node', 'src/main.ts'], cwd: checkout } },
    });
  }

  kubectl(args: readonly string[], options: { stdin?: string; as?: Identity } = {}): Promise<CommandOutput> {
    const groups = (options.as?.groups ?? []).map((group) => `--as-group=${group}`);
    const impersonation = options.as === undefined ? [] : [`--as=${options.as.user}`, ...groups];
    return this.#plane.kubectl(
      [...args, ...impersonation],
      options.stdin === undefined ? {} : { stdin: options.stdin },
    );
  }

  /** What `kubectl … -o json` printed, parsed. */
  async json(args: readonly string[], options: { stdin?: string; as?: Identity } = {}): Promise<unknown> {
    return JSON.parse((await this.kubectl([...args, '-o', 'json'], options)).stdout);
  }

  /** `kubectl create` of one object given as data. */
  create(object: object, as?: Identity): Promise<CommandOutput> {
    return this.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(object), ...(as === undefined ? {} : { as }) });
  }

  /** `helm <action> hallmark …` in the release namespace. */
  helm(action: readonly string[]): Promise<CommandOutput> {
    return helm([...action, '--namespace', releaseNamespace], {
      KUBECONFIG: this.#plane.kubeconfigPath,
      ...this.#supervisor.environment(),
    });
  }

  install(entries: readonly string[] = []): Promise<CommandOutput> {
    return this.helm(['install', 'hallmark', chart, '--create-namespace', ...setArguments(entries)]);
  }
}
