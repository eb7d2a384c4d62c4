// SPDX-License-Identifier: Apache-2.0
import { ensureBinaries } from './binaries/ensure-binary.ts';
import type { Command } from './binaries/catalog.ts';
import { ControlPlane, type ControlPlaneOptions } from './control-plane/control-plane.ts';
import { Cosign } from './cosign/cosign.ts';
import { helm, type HelmOptions } from './helm/helm.ts';
import { startNodeAgent, type NodeAgent, type NodeAgentOptions } from './node-agent/node-agent.ts';
import { installMissing } from './pool/install-layer.ts';
import type { PlaneLayer } from './pool/plane-layer.ts';
import { measured } from './processes/measured.ts';
import type { CommandOutput } from './processes/run-command.ts';
import { Supervisor } from './processes/supervisor.ts';
import { Registry, type RegistryOptions } from './registry/registry.ts';

export interface TestbedOptions {
  /** Names the temporary folder: `hallmark-<label>-…`. */
  readonly label?: string;
  /** `Kinds`: the CRDs alone, so that runs can be made of which nothing is checked or reconciled. */
  readonly tekton?: boolean | 'Kinds';
  /** Hallmark's CRDs, for tests that neither install nor upgrade them. */
  readonly hallmarkKinds?: boolean;
  readonly cosign?: boolean;
  /** Has helm built, and the build reported, at the start. */
  readonly helm?: boolean;
  /** One registry per entry, in this order in `registries`. */
  readonly registries?: readonly RegistryOptions[];
  readonly controlPlane?: ControlPlaneOptions;
  /** A node that runs the pods. */
  readonly nodeAgent?: Omit<NodeAgentOptions, 'kubeconfigPath' | 'logDirectory'>;
}

interface Parts {
  readonly plane: ControlPlane;
  readonly registries: readonly Registry[];
  readonly cosign: Cosign | undefined;
  readonly nodeAgent: NodeAgent | undefined;
}

/** A control plane and the other servers that a test asks for; ended by `stop`, or with this process. */
export class Testbed {
  readonly supervisor: Supervisor;
  readonly plane: ControlPlane;
  readonly registries: readonly Registry[];
  readonly #parts: Parts;

  private constructor(supervisor: Supervisor, parts: Parts) {
    this.supervisor = supervisor;
    this.plane = parts.plane;
    this.registries = parts.registries;
    this.#parts = parts;
  }

  /** Builds what is missing and starts everything; on failure nothing is left running and the logs are kept. */
  static start(options: TestbedOptions = {}): Promise<Testbed> {
    return measured('starting', () => Testbed.#start(options));
  }

  static async #start(options: TestbedOptions): Promise<Testbed> {
    await ensureBinaries(commandsFor(options));
    const supervisor = new Supervisor(options.label ?? 'testbed');
    try {
      return new Testbed(supervisor, await startParts(options, supervisor));
    } catch (error) {
      supervisor.keepLogs();
      await supervisor.stop();
      throw error;
    }
  }

  /** cosign, when it was asked for at the start. */
  get cosign(): Cosign {
    if (this.#parts.cosign === undefined) throw new Error('this testbed was started without {cosign: true}');
    return this.#parts.cosign;
  }

  /** The node, when one was asked for at the start. */
  get nodeAgent(): NodeAgent {
    if (this.#parts.nodeAgent === undefined) throw new Error('this testbed was started without {nodeAgent: …}');
    return this.#parts.nodeAgent;
  }

  /** The registry with this index of `registries`. */
  registry(index = 0): Registry {
    const registry = this.registries[index];
    if (registry === undefined) throw new Error(`this testbed was started with ${this.registries.length} registries`);
    return registry;
  }

  /** Runs helm as the administrator. */
  helm(args: readonly string[], options?: HelmOptions): Promise<CommandOutput> {
    return helm(this.plane, this.supervisor, args, options);
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await this.#parts.nodeAgent?.stop();
    await Promise.all(this.registries.map((registry) => registry.stop()));
    await this.supervisor.stop();
  }
}

async function startParts(options: TestbedOptions, supervisor: Supervisor): Promise<Parts> {
  const registries = await Promise.all((options.registries ?? []).map((spec) => Registry.start(supervisor, spec)));
  const layers = layersFor(options);
  const plane = await ControlPlane.start(supervisor, { layers, ...options.controlPlane });
  await installMissing(layers, plane, supervisor);
  const cosign = options.cosign === true ? await Cosign.prepare(supervisor) : undefined;
  const { kubeconfigPath } = plane;
  const logDirectory = supervisor.logDirectory('pods');
  const nodeAgent =
    options.nodeAgent === undefined
      ? undefined
      : await startNodeAgent({ ...options.nodeAgent, kubeconfigPath, logDirectory });
  return { registries, plane, cosign, nodeAgent };
}

/** Hallmark's CRDs come between Tekton's: so few control planes have to change. */
function layersFor({ tekton = false, hallmarkKinds = false }: TestbedOptions): readonly PlaneLayer[] {
  return [
    ...(tekton === true ? (['tekton'] as const) : []),
    ...(hallmarkKinds ? (['hallmark-kinds'] as const) : []),
    ...(tekton === 'Kinds' ? (['tekton-kinds'] as const) : []),
  ];
}

function commandsFor(options: TestbedOptions): Command[] {
  const registries = options.registries ?? [];
  return [
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kubectl',
    ...(registries.some(({ referrers, tls }) => referrers || tls === true) ? (['referrers-registry'] as const) : []),
    ...(registries.some(({ referrers }) => !referrers) ? (['tag-registry'] as const) : []),
    ...(options.helm === true ? (['helm'] as const) : []),
    ...(options.tekton === true ? (['tekton-controller', 'tekton-webhook'] as const) : []),
    ...(options.cosign === true ? (['cosign'] as const) : []),
  ];
}
