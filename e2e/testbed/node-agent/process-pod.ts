// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ContainerRunner, type RestartPolicy } from './container-runner.ts';
import { kubernetesTime, type ContainerStatus } from './container-state.ts';
import { deletePod } from './delete-pod.ts';
import { imageID } from './image-id.ts';
import { containerLaunch } from './launch.ts';
import { localPort, type PortMapping } from './local-ports.ts';
import type { NodeContext } from './node-context.ts';
import { podTitle, type Container, type Pod } from './pod.ts';
import { PodSetupError } from './pod-setup-error.ts';
import type { PodReport, PodWorker } from './pod-worker.ts';
import { podStatus, type PodCondition, type PodStatus } from './pod-status.ts';
import { keepTokens } from './service-account.ts';
import { StatusWriter } from './status-writer.ts';
import { materialiseVolumes } from './volumes.ts';

const setupRetryMilliseconds = 1000;

/** A pod whose containers run as processes of this machine. */
export class ProcessPod implements PodWorker {
  readonly #node: NodeContext;
  readonly #pod: Pod;
  readonly #directory: string;
  readonly #startTime = kubernetesTime();
  readonly #address: string;
  readonly #writer: StatusWriter;
  /** Ends starting and token renewal. */
  readonly #end = new AbortController();
  /** Ends writing. */
  readonly #gone = new AbortController();
  readonly #runners = new Map<string, ContainerRunner>();
  readonly #ports = new Map<string, PortMapping>();
  #waiting = { reason: 'ContainerCreating', message: '' };
  #conditions: readonly PodCondition[] = [];
  #termination: Promise<void> | undefined;

  constructor(node: NodeContext, pod: Pod) {
    this.#node = node;
    this.#pod = pod;
    this.#address = node.addresses.next();
    this.#directory = join(node.directory, 'pods', pod.metadata.uid);
    this.#writer = new StatusWriter({
      client: node.client,
      pod,
      current: () => this.#status(),
      signal: this.#gone.signal,
      log: node.log,
    });
  }

  start(): void {
    // A pod that an earlier agent finished stays finished.
    if (['Succeeded', 'Failed'].includes(this.#pod.status?.phase ?? '')) return;
    this.#run().catch((error: unknown) => {
      if (!this.#end.signal.aborted) this.#node.log(`pod ${podTitle(this.#pod)}: ${String(error)}`);
    });
  }

  update(pod: Pod): void {
    if (pod.metadata.deletionTimestamp === undefined) return;
    const { deletionGracePeriodSeconds } = pod.metadata;
    this.#termination ??= this.#terminate(deletionGracePeriodSeconds ?? this.#graceSeconds());
  }

  async remove(): Promise<void> {
    this.#gone.abort();
    await this.#stop(0);
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  kill(signal: NodeJS.Signals): boolean {
    return [...this.#runners.values()].map((runner) => runner.kill(signal)).includes(true);
  }

  report(): PodReport {
    const { namespace, name, uid } = this.#pod.metadata;
    const { phase, conditions } = this.#status();
    const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
    const containers = this.#pod.spec.containers.map((container) => {
      const runner = this.#runners.get(container.name);
      const ports = Object.fromEntries(this.#ports.get(container.name) ?? []);
      return { name: container.name, pid: runner?.pid, restartCount: runner?.status().restartCount ?? 0, ports };
    });
    return { namespace, name, uid, phase, ready, containers };
  }

  async #run(): Promise<void> {
    const { initContainers = [], containers } = this.#pod.spec;
    this.#writer.touch();
    const volumes = await this.#insist(() => this.#volumes());
    for (const container of initContainers) {
      const policy = this.#restartPolicy() === 'Always' ? 'OnFailure' : this.#restartPolicy();
      const runner = await this.#insist(() => this.#runner(container, volumes, policy));
      if (!this.#end.signal.aborted) await runner.run();
      if (this.#end.signal.aborted || !hasSucceeded(runner.status())) return;
    }
    await Promise.all(
      containers.map(async (container) => {
        const runner = await this.#insist(() => this.#runner(container, volumes, this.#restartPolicy()));
        if (!this.#end.signal.aborted) await runner.run();
      }),
    );
  }

  /** Tries until it works; meanwhile the containers wait with the reason. */
  async #insist<T>(step: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (this.#end.signal.aborted) throw error;
        const reason = error instanceof PodSetupError ? error.reason : 'ContainerCreating';
        this.#waiting = { reason, message: error instanceof Error ? error.message : String(error) };
        this.#writer.touch();
      }
      await delay(setupRetryMilliseconds, undefined, { signal: this.#end.signal });
    }
  }

  async #volumes(): Promise<ReadonlyMap<string, string>> {
    const { data, nodeName, client, directory } = this.#node;
    const authority = client.access.certificateAuthority;
    const { directories, tokens } = await materialiseVolumes({
      pod: this.#pod,
      nodeName,
      data,
      directory: this.#directory,
      claimsDirectory: join(directory, 'claims'),
      ...(authority === undefined ? {} : { certificateAuthority: authority }),
    });
    await keepTokens({ client, pod: this.#pod, tokens, signal: this.#end.signal }, (error) => {
      this.#node.log(`tokens of ${podTitle(this.#pod)}: ${String(error)}`);
    });
    return directories;
  }

  async #runner(
    container: Container,
    volumeDirectories: ReadonlyMap<string, string>,
    restartPolicy: RestartPolicy,
  ): Promise<ContainerRunner> {
    const ports = this.#ports.get(container.name) ?? (await this.#node.ports.take(container));
    this.#ports.set(container.name, ports);
    const request = {
      node: this.#node,
      pod: this.#pod,
      container,
      ports,
      volumeDirectories,
      directory: this.#directory,
    };
    const launch = await containerLaunch(request);
    const runner = new ContainerRunner({
      container,
      launch,
      restartPolicy,
      graceSeconds: this.#graceSeconds(),
      restartCount: this.#earlierRestarts(container),
      port: (port) => localPort(container, ports, port),
      logPath: (restart) => this.#node.logs.file(this.#pod, container.name, restart),
      onChange: () => {
        this.#writer.touch();
      },
    });
    this.#runners.set(container.name, runner);
    return runner;
  }

  /** A pod that an earlier agent ran is started anew, which is a restart. */
  #earlierRestarts({ name }: Container): number {
    const { phase, containerStatuses = [] } = this.#pod.status ?? {};
    if (phase !== 'Running') return 0;
    return (containerStatuses.find((status) => status.name === name)?.restartCount ?? -1) + 1;
  }

  async #terminate(graceSeconds: number): Promise<void> {
    await this.#stop(graceSeconds);
    await this.#writer.settled();
    await deletePod(this.#node, this.#pod, this.#gone.signal);
  }

  async #stop(graceSeconds: number): Promise<void> {
    this.#end.abort();
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop(graceSeconds)));
    for (const ports of this.#ports.values()) this.#node.ports.giveBack(ports);
    // Once only: they may be another pod's by the next call.
    this.#ports.clear();
  }

  #status(): PodStatus {
    const { initContainers = [], containers } = this.#pod.spec;
    const status = podStatus({
      init: initContainers.map((container) => this.#containerStatus(container)),
      containers: containers.map((container) => this.#containerStatus(container)),
      restartPolicy: this.#restartPolicy(),
      generation: this.#pod.metadata.generation,
      startTime: this.#startTime,
      address: this.#address,
      now: kubernetesTime(),
      previous: this.#conditions,
    });
    this.#conditions = status.conditions;
    return status;
  }

  #containerStatus({ name, image }: Container): ContainerStatus {
    const known = this.#runners.get(name)?.status();
    const { reason, message } = this.#waiting;
    const state = { waiting: { reason, ...(message === '' ? {} : { message }) } };
    return known ?? { name, image, imageID: imageID(image), state, ready: false, started: false, restartCount: 0 };
  }

  #restartPolicy(): RestartPolicy {
    const { restartPolicy } = this.#pod.spec;
    return restartPolicy === 'Never' || restartPolicy === 'OnFailure' ? restartPolicy : 'Always';
  }

  #graceSeconds(): number {
    return this.#pod.spec.terminationGracePeriodSeconds ?? 30;
  }
}

function hasSucceeded({ state }: ContainerStatus): boolean {
  return 'terminated' in state && state.terminated.exitCode === 0;
}
