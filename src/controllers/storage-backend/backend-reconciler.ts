// SPDX-License-Identifier: Apache-2.0
import { hallmarkResource } from '../../kube/hallmark-resource.ts';
import { API_VERSION } from '../../api/v1alpha1/group-version.ts';
import type { EventText } from '../../kube/events.ts';
import { objectMetadata } from '../../kube/object-metadata.ts';
import { type BackendKey, parseBackendKey } from '../../pipelines/backend-key.ts';
import type { CompiledBackend } from '../../pipelines/definitions.ts';
import { refusalOf } from '../../pipelines/refused-definition.ts';
import { DONE, type Outcome } from '../../runtime/queue/outcome.ts';
import type { Reconciler } from '../../runtime/queue/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { GracePeriods } from '../memory/grace-periods.ts';
import type { ObjectStore } from '../memory/object-store.ts';
import { writeStatus } from '../write-status.ts';
import { type BackendSnapshot, gatherBackend } from './gather-backend.ts';
import { planBackend } from './plan-backend.ts';

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
export class BackendReconciler implements Reconciler<BackendKey> {
  readonly #options: BackendReconcilerOptions;
  readonly #graces: GracePeriods<BackendKey>;

  constructor(options: BackendReconcilerOptions) {
    this.#options = options;
    this.#graces = new GracePeriods(options.context.clock);
  }

  async reconcile(key: BackendKey, signal: AbortSignal): Promise<Outcome> {
    const { context, objects, operatorNamespace, maxRetrySeconds, random = Math.random } = this.#options;
    const object = objects.get(key);
    if (object === undefined) return this.#forget(key);
    const snapshot = await gatherBackend(context, this.#graces, { object, operatorNamespace }, signal);
    const { status, events, nextProbeSeconds } = planBackend(snapshot, { maxRetrySeconds, spread: random() });
    // Stop uploads to a backend that is down before its status is written.
    this.#noteHealth(snapshot);
    const { kind, namespace } = parseBackendKey(key);
    // A backend of the cluster is probed by every replica, for its own records, and reported by one.
    const isReported = context.shards.owns(namespace);
    const isWritten = !isReported || (await writeStatus(context, hallmarkResource(kind), { object, status }, signal));
    if (isReported && isWritten) emitEvents(context, { kind, object }, events);
    // One that is refused is looked at again when it is delivered otherwise.
    if (isWritten && refusalOf(object) !== undefined) return DONE;
    return { requeueAfterSeconds: isWritten ? nextProbeSeconds : CONFLICT_SECONDS };
  }

  #noteHealth({ backend, problem }: BackendSnapshot): void {
    const { context, onHealthChange } = this.#options;
    if (backend !== undefined && context.health.note(backend, problem)) onHealthChange(backend, problem === undefined);
  }

  /** Drops what is kept of a backend that was deleted. */
  #forget(key: BackendKey): Outcome {
    const { context } = this.#options;
    const backend = parseBackendKey(key);
    context.health.forget(backend);
    this.#graces.end(key);
    context.suspects.forget(key);
    context.drivers.forget(backend);
    return DONE;
  }
}

function emitEvents(
  { events: recorder }: Pick<ControllerContext, 'events'>,
  { kind, object }: { readonly kind: string; readonly object: unknown },
  events: readonly EventText[],
): void {
  const metadata = objectMetadata(object);
  if (metadata === undefined) return;
  const { namespace, name, uid } = metadata;
  for (const event of events) recorder.record({ apiVersion: API_VERSION, kind, namespace, name, uid }, event);
}
