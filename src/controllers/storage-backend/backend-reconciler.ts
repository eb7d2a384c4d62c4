// SPDX-License-Identifier: Apache-2.0
import type { BackendKind } from '../../api/v1alpha1/kinds.ts';
import { setConditions } from '../../api/v1alpha1/condition.ts';
import { field } from '../../json/fields.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { CompiledBackend } from '../../pipelines/definitions.ts';
import { readBackend } from '../../pipelines/read-backend.ts';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { ControllerContext } from '../controller-context.ts';
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { storedConditions, writeStatus } from '../write-status.ts';
import { backendConditions } from './backend-conditions.ts';
import { nextProbeSeconds } from './next-probe-seconds.ts';
import { describePolicy } from '../../pipelines/policy-key.ts';
import { type BackendKey, parseBackendKey } from '../../pipelines/backend-key.ts';

/** The watch delivers the version that the status write conflicted with within this time. */
const CONFLICT_SECONDS = 1;

export interface BackendReconcilerOptions {
  readonly context: ControllerContext;
  readonly objects: ObjectStore<BackendKey>;
  readonly operatorNamespace: string;
  /** Called when the backend became ready or unready: policies report it, and waiting records go on. */
  readonly onHealthChange: (backend: CompiledBackend, isReady: boolean) => void;
  /** The longest wait between two attempts at anything: a backend that is down is probed at least so often. */
  readonly maxRetrySeconds?: number;
  readonly random?: () => number;
}

/** Probes one backend and reports the result in its status. */
export class BackendReconciler {
  readonly #options: BackendReconcilerOptions;

  constructor(options: BackendReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: BackendKey, signal: AbortSignal): Promise<Outcome> {
    const { context, objects, operatorNamespace, onHealthChange } = this.#options;
    const object = objects.get(key);
    if (object === undefined) return this.#forget(key);
    const read = readBackend(object, operatorNamespace);
    const problem: Problem | undefined = read.ok
      ? await this.#probe(read.backend, signal)
      : { reason: reasons.BackendNotReady, message: `the backend cannot be used as it is written: ${read.message}` };
    const generation = Number(field(field(object, 'metadata'), 'generation') ?? 0);
    const conditions = setConditions(
      storedConditions(object),
      backendConditions(generation, problem, read.ok ? this.#untaken(read.backend) : []),
      context.clock.now(),
    );
    // Stop uploads to a backend that is down before its status is written.
    if (read.ok && context.health.note(read.backend, problem)) onHealthChange(read.backend, problem === undefined);
    const resource = hallmarkResource(kindOf(object));
    const status = { observedGeneration: generation, conditions };
    // A backend of the cluster is probed by every replica, for its own records, and reported by one.
    const isReported = context.shards.owns(parseBackendKey(key).namespace);
    const isWritten = !isReported || (await writeStatus(context, resource, { object, status }, signal));
    if (!isWritten) return { requeueAfterSeconds: CONFLICT_SECONDS };
    return { requeueAfterSeconds: nextProbeSeconds(problem === undefined, this.#options) };
  }

  /** The artifacts of policies that it can never hold. */
  #untaken(backend: CompiledBackend): readonly string[] {
    return this.#options.context.pipelines
      .untakenBy(backend)
      .map(({ policy, message }) => `${describePolicy(policy)}: ${message}`);
  }

  /** Drops what is kept of a backend that was deleted. */
  #forget(key: BackendKey): Outcome {
    const { context } = this.#options;
    const backend = parseBackendKey(key);
    context.health.forget(backend);
    context.suspects.forget(key);
    context.drivers.forget(backend);
    return DONE;
  }

  async #probe(backend: CompiledBackend, signal: AbortSignal): Promise<Problem | undefined> {
    const { ready, reason, message } = await this.#options.context.drivers.driver(backend).probe(signal);
    if (ready) return undefined;
    return { reason: reason ?? reasons.BackendNotReady, message: message ?? 'the backend is not ready' };
  }
}

function kindOf(object: unknown): BackendKind {
  return field(object, 'kind') === 'ClusterStorageBackend' ? 'ClusterStorageBackend' : 'StorageBackend';
}
