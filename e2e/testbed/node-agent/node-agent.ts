// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedWatchdog } from '../processes/shared-watchdog.ts';
import { ApiClient } from './api-client.ts';
import { bindPod } from './bind-pod.ts';
import { ApiDataSource } from './data-source.ts';
import type { ImageProcess } from './image-process.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { LocalPorts } from './local-ports.ts';
import { LogStore } from './log-store.ts';
import type { NodeContext } from './node-context.ts';
import { registerNode } from './node-registration.ts';
import type { Pod } from './pod.ts';
import { PodAddresses } from './pod-addresses.ts';
import { watchPods } from './pod-watch.ts';
import type { PodReport, PodWorker } from './pod-worker.ts';
import { ProcessPod } from './process-pod.ts';
import type { TektonBehaviour } from './tekton-behaviour.ts';
import { TektonPod, type TektonOptions } from './tekton-pod.ts';
import { isTektonPod } from './tekton-step.ts';

export interface NodeAgentOptions {
  /** The kubeconfig of an administrator. */
  readonly kubeconfigPath: string;
  /** `testbed` by default. */
  readonly nodeName?: string;
  /** The processes that stand in for images, by the beginning of the image's name; the longest wins. */
  readonly images: Readonly<Record<string, ImageProcess>>;
  readonly tekton?: TektonOptions;
  /** Folder for the containers' output; by default a temporary one that is removed with this process. */
  readonly logDirectory?: string;
  /** Receives errors of the agent itself; standard error by default. */
  readonly log?: (message: string) => void;
}

/** Stands in for a scheduler, a kubelet and a container runtime. See README.md for what it does and does not do. */
export class NodeAgent {
  readonly nodeName: string;
  readonly #node: NodeContext;
  readonly #workers = new Map<string, PodWorker>();
  readonly #binding = new Set<string>();
  readonly #end = new AbortController();
  readonly #endings = new Set<Promise<void>>();
  readonly #tekton: TektonOptions;
  #behaviour: TektonBehaviour | undefined;
  #watch: Promise<void> | undefined;

  constructor(options: NodeAgentOptions) {
    const directory = mkdtempSync(join(tmpdir(), 'hallmark-node-'));
    sharedWatchdog().trackDirectory(directory);
    const client = new ApiClient(readKubeconfig(options.kubeconfigPath));
    const log = options.log ?? ((message: string) => process.stderr.write(`node agent: ${message}\n`));
    this.nodeName = options.nodeName ?? 'testbed';
    this.#behaviour = options.tekton?.behaviour;
    this.#tekton = { ...options.tekton, behaviour: (step) => this.#behaviour?.(step) };
    this.#node = {
      client,
      nodeName: this.nodeName,
      data: new ApiDataSource(client),
      images: options.images,
      directory,
      logs: new LogStore(options.logDirectory ?? join(directory, 'logs')),
      ports: new LocalPorts(),
      addresses: new PodAddresses(),
      log,
    };
  }

  /** Registers the node and begins to take pods. */
  async start(): Promise<void> {
    const { client, log } = this.#node;
    const { signal } = this.#end;
    await registerNode({ client, nodeName: this.nodeName, signal, log });
    const handler = { upsert: this.#upsert.bind(this), remove: this.#remove.bind(this) };
    this.#watch = watchPods({ client, handler, log, signal });
  }

  /** Kills every process at once and leaves the API server as it is; the logs stay readable. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#watch;
    for (const uid of [...this.#workers.keys()]) this.#remove(uid);
    await Promise.all(this.#endings);
    this.#node.client.close();
    for (const folder of ['pods', 'claims'])
      rmSync(join(this.#node.directory, folder), { recursive: true, force: true });
  }

  /** The pods on this node. */
  pods(): readonly PodReport[] {
    return [...this.#workers.values()].map((worker) => worker.report());
  }

  /** The output of the containers of the pods with this name or prefix, over all their lives, including deleted pods. */
  logs(namespace: string, podPrefix: string): string {
    return this.#node.logs.read(namespace, podPrefix);
  }

  /** The folder of the log files of every container that ran. */
  get logDirectory(): string {
    return this.#node.logs.directory;
  }

  /** Signals the processes of a pod, as an accident would: the agent treats what follows as a crash. Throws when nothing runs. */
  kill(namespace: string, podName: string, signal: NodeJS.Signals = 'SIGKILL'): void {
    const worker = [...this.#workers.values()].find((candidate) => {
      const report = candidate.report();
      return report.namespace === namespace && report.name === podName;
    });
    if (worker?.kill(signal) !== true) throw new Error(`no process of ${namespace}/${podName} runs on this node`);
  }

  /** Decides how the steps of Tekton pods end from now on. */
  setTektonBehaviour(behaviour: TektonBehaviour | undefined): void {
    this.#behaviour = behaviour;
  }

  #upsert(pod: Pod): void {
    const { uid } = pod.metadata;
    const { nodeName = '' } = pod.spec;
    if (nodeName === '') this.#bind(pod);
    if (nodeName !== this.nodeName) return;
    this.#binding.delete(uid);
    const known = this.#workers.get(uid);
    const worker =
      known ?? (isTektonPod(pod) ? new TektonPod(this.#node, pod, this.#tekton) : new ProcessPod(this.#node, pod));
    if (known === undefined) {
      this.#workers.set(uid, worker);
      // A pod that is already being deleted has nothing to start any more.
      if (pod.metadata.deletionTimestamp === undefined) worker.start();
    }
    worker.update(pod);
  }

  #bind(pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    const held = (pod.spec.schedulingGates ?? []).length > 0;
    if (held || deletionTimestamp !== undefined || this.#binding.has(uid)) return;
    this.#binding.add(uid);
    bindPod(this.#node, pod, this.#end.signal).catch((error: unknown) => {
      this.#binding.delete(uid);
      if (!this.#end.signal.aborted) this.#node.log(`binding ${pod.metadata.name}: ${String(error)}`);
    });
  }

  #remove(uid: string): void {
    this.#binding.delete(uid);
    const worker = this.#workers.get(uid);
    if (worker === undefined) return;
    this.#workers.delete(uid);
    const ending = worker.remove().catch((error: unknown) => {
      this.#node.log(`ending a pod: ${String(error)}`);
    });
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }
}

/** Starts an agent; resolves when its node is registered. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const agent = new NodeAgent(options);
  await agent.start();
  return agent;
}
