// SPDX-License-Identifier: Apache-2.0
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { kubernetesTime, type ContainerStatus } from './container-state.ts';
import { deletePod } from './delete-pod.ts';
import { parseEntrypointArguments } from './entrypoint-arguments.ts';
import { imageID } from './image-id.ts';
import { byImagePrefix } from './image-process.ts';
import type { NodeContext } from './node-context.ts';
import { podTitle, type Container, type Pod } from './pod.ts';
import { podStatus, type PodCondition, type PodStatus } from './pod-status.ts';
import type { PodReport, PodWorker } from './pod-worker.ts';
import { StatusWriter } from './status-writer.ts';
import { keepTokens } from './service-account.ts';
import { executeStep, skippedStep, type StepEnd } from './step-execution.ts';
import { annotatedOutcome, type StepOutcome, type TektonBehaviour } from './tekton-behaviour.ts';
import { tektonStep } from './tekton-step.ts';
import { resultEntries, runResultType, startedAt, terminationMessage } from './termination-message.ts';
import { materialiseVolumes } from './volumes.ts';

export interface TektonOptions {
  /** Time that a pod runs before its steps end. 0 by default. */
  readonly delayMilliseconds?: number;
  /** Run the commands of steps that neither behaviour nor annotations decide. False by default. */
  readonly execute?: boolean;
  /**
   * For executed steps, by the beginning of the image's name: folders of this machine that stand in for folders of the image,
   * such as `{'gcr.io/go-containerregistry/crane': {'/ko-app': '/home/me/bin'}}`.
   */
  readonly imageFolders?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Asked first about every step. */
  readonly behaviour?: TektonBehaviour;
}

interface Ending extends StepEnd {
  readonly imageID: string | undefined;
}

/** A pod of a TaskRun: its steps end as the behaviour says, and its status tells Tekton's controller so. */
export class TektonPod implements PodWorker {
  readonly #node: NodeContext;
  readonly #pod: Pod;
  readonly #options: TektonOptions;
  readonly #directory: string;
  readonly #startTime = kubernetesTime();
  readonly #address: string;
  readonly #end = new AbortController();
  readonly #gone = new AbortController();
  readonly #writer: StatusWriter;
  readonly #statuses = new Map<string, ContainerStatus>();
  #conditions: readonly PodCondition[] = [];
  #volumes: Promise<ReadonlyMap<string, string>> | undefined;
  /** Ends the command that runs now. */
  #step: AbortController | undefined;
  #running: Promise<void> | undefined;
  #termination: Promise<void> | undefined;

  constructor(node: NodeContext, pod: Pod, options: TektonOptions) {
    this.#node = node;
    this.#pod = pod;
    this.#options = options;
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
    if (['Succeeded', 'Failed'].includes(this.#pod.status?.phase ?? '')) return;
    this.#running = this.#run().catch((error: unknown) => {
      if (this.#end.signal.aborted) return;
      this.#node.log(`pod ${podTitle(this.#pod)}: ${String(error)}`);
      // A run that waited for its timeout would hide the mistake in its behaviour or annotation.
      for (const container of this.#pod.spec.containers) this.#finish(container, { exitCode: 1, entries: [] });
      this.#writer.touch();
    });
  }

  update(pod: Pod): void {
    if (pod.metadata.deletionTimestamp === undefined) return;
    this.#termination ??= this.#terminate();
  }

  async remove(): Promise<void> {
    this.#gone.abort();
    this.#end.abort();
    await this.#running;
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Whatever the signal, a step cannot go on after it. */
  kill(): boolean {
    this.#step?.abort();
    return this.#step !== undefined;
  }

  report(): PodReport {
    const { namespace, name, uid } = this.#pod.metadata;
    return { namespace, name, uid, phase: this.#status().phase, ready: false, containers: [] };
  }

  async #run(): Promise<void> {
    const { initContainers = [], containers } = this.#pod.spec;
    await delay(this.#options.delayMilliseconds ?? 0, undefined, { signal: this.#end.signal });
    for (const container of initContainers) this.#finish(container, { exitCode: 0, entries: [] });
    const steps = containers.filter(({ name }) => name.startsWith('step-'));
    let failed = false;
    for (const [index, container] of steps.entries()) {
      const end: Ending = failed
        ? { ...skippedStep(), imageID: undefined }
        : await this.#endOf(container, index, steps.length);
      this.#finish(container, end, end.imageID);
      failed ||= end.exitCode !== 0;
    }
    // Sidecars end with the steps; in a cluster Tekton ends them a moment later.
    for (const container of containers)
      if (!steps.includes(container)) this.#finish(container, { exitCode: 0, entries: [] });
    this.#writer.touch();
  }

  async #endOf(container: Container, index: number, count: number): Promise<Ending> {
    const entrypoint = parseEntrypointArguments(container.args ?? []);
    const step = tektonStep({ pod: this.#pod, container, entrypoint, isLast: index === count - 1 });
    const outcome: StepOutcome = (await this.#options.behaviour?.(step)) ??
      annotatedOutcome(step) ?? { execute: this.#options.execute ?? false };
    await delay(outcome.delayMilliseconds ?? 0, undefined, { signal: this.#end.signal });
    if (outcome.execute !== true) return { ...declaredEnd(outcome, step), imageID: outcome.imageID };
    this.#volumes ??= this.#prepare();
    const volumeDirectories = await this.#volumes;
    this.#showRunning(container);
    this.#step = new AbortController();
    const end = await executeStep({
      node: this.#node,
      pod: this.#pod,
      container,
      entrypoint,
      volumeDirectories,
      imageFolders: byImagePrefix(this.#options.imageFolders ?? {}, container.image) ?? {},
      signal: AbortSignal.any([this.#end.signal, this.#step.signal]),
    });
    this.#step = undefined;
    return { ...end, imageID: outcome.imageID };
  }

  /** Volumes, tokens, and the links by which one step finds what another left. */
  async #prepare(): Promise<ReadonlyMap<string, string>> {
    const { client, data, nodeName, directory } = this.#node;
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
    const links = directories.get('tekton-internal-steps');
    for (const [index, { name }] of this.#pod.spec.containers.entries()) {
      const run = directories.get(`tekton-internal-run-${index}`);
      if (links === undefined || run === undefined) continue;
      await mkdir(join(run, 'status'), { recursive: true });
      await symlink(join(run, 'status'), join(links, name));
    }
    return directories;
  }

  #showRunning(container: Container): void {
    const running = { running: { startedAt: kubernetesTime() } };
    this.#statuses.set(container.name, { ...this.#containerStatus(container), state: running, started: true });
    this.#writer.touch();
  }

  #finish(container: Container, { exitCode, entries }: StepEnd, image = imageID(container.image)): void {
    const { name } = container;
    const before = this.#statuses.get(name)?.state;
    const finishedAt = kubernetesTime();
    const message = terminationMessage(entries);
    this.#statuses.set(name, {
      name,
      image: container.image,
      imageID: image,
      state: {
        terminated: {
          exitCode,
          reason: exitCode === 0 ? 'Completed' : 'Error',
          ...(entries.length === 0 || message === undefined ? {} : { message }),
          startedAt: before !== undefined && 'running' in before ? before.running.startedAt : finishedAt,
          finishedAt,
        },
      },
      ready: false,
      started: false,
      restartCount: 0,
    });
  }

  async #terminate(): Promise<void> {
    this.#end.abort();
    await this.#running;
    await this.#writer.settled();
    await deletePod(this.#node, this.#pod, this.#gone.signal);
  }

  #status(): PodStatus {
    const { initContainers = [], containers } = this.#pod.spec;
    const status = podStatus({
      init: initContainers.map((container) => this.#containerStatus(container)),
      containers: containers.map((container) => this.#containerStatus(container)),
      restartPolicy: 'Never',
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
    const state = { waiting: { reason: 'PodInitializing' } };
    const none = { name, image, imageID: '', state, ready: false, started: false, restartCount: 0 };
    return this.#statuses.get(name) ?? none;
  }
}

/** The end of a step that is not executed. Results that do not fit in a message fail it, as in Tekton. */
function declaredEnd(
  outcome: StepOutcome,
  step: { results: readonly string[]; stepResults: readonly string[] },
): StepEnd {
  const begun = startedAt(new Date());
  const entries = [
    begun,
    ...resultEntries(outcome.results ?? {}, runResultType.taskRun).filter(({ key }) => step.results.includes(key)),
    ...resultEntries(outcome.stepResults ?? {}, runResultType.step).filter(({ key }) => step.stepResults.includes(key)),
  ];
  if (terminationMessage(entries) === undefined) return { exitCode: 1, entries: [begun] };
  return { exitCode: outcome.exitCode ?? 0, entries };
}
