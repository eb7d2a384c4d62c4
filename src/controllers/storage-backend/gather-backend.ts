// SPDX-License-Identifier: Apache-2.0
import { reasons } from '../../api/v1alpha1/reasons.ts';
import type { Condition } from '../../api/v1alpha1/condition.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';
import { field } from '../../json/fields.ts';
import type { CompiledBackend } from '../../pipelines/definitions.ts';
import { describePolicy } from '../../pipelines/policy-key.ts';
import { readBackend } from '../../pipelines/read-backend.ts';
import { backendKey, type BackendKey } from '../../pipelines/backend-key.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { GracePeriods } from '../memory/grace-periods.ts';
import { secondsOfGrace } from '../seconds-of-grace.ts';
import { storedConditions } from '../write-status.ts';
import { isAwaitedProblem } from './backend-conditions.ts';

/** Everything that the decision about a backend is made from. */
export interface BackendSnapshot {
  readonly generation: number;
  /** Undefined when its spec cannot be used. */
  readonly backend: CompiledBackend | undefined;
  /** The reason why nothing can be stored in it, as its probe found; undefined when it is ready. */
  readonly problem: Problem | undefined;
  /** The number of other backends of its namespace that are not ready. */
  readonly othersDown: number;
  /** Seconds until what it needs from others is overdue, 0 when it is; undefined while nothing is awaited. */
  readonly graceSeconds: number | undefined;
  /** The artifacts of policies that it can never hold. */
  readonly untaken: readonly string[];
  /** The conditions in its status. */
  readonly before: readonly Condition[];
  readonly now: Date;
}

/** Reads and probes a backend. */
export async function gatherBackend(
  context: Pick<ControllerContext, 'clock' | 'drivers' | 'health' | 'pipelines'>,
  graces: GracePeriods<BackendKey>,
  { object, operatorNamespace }: { readonly object: unknown; readonly operatorNamespace: string },
  signal: AbortSignal,
): Promise<BackendSnapshot> {
  const read = readBackend(object, operatorNamespace);
  const backend = read.ok ? context.pipelines.bounds.ownBackend(read.backend) : undefined;
  const problem: Problem | undefined = read.ok
    ? await problemOf(context, backend ?? read.backend, signal)
    : { reason: reasons.BackendNotReady, message: `the backend cannot be used as it is written: ${read.message}` };
  return {
    generation: Number(field(field(object, 'metadata'), 'generation') ?? 0),
    backend,
    problem,
    othersDown: backend === undefined ? 0 : othersDown(context, backend),
    graceSeconds: graceOf(graces, { object, problem, backend: read.ok ? read.backend : undefined }),
    untaken: backend === undefined ? [] : untakenBy(context, backend),
    before: storedConditions(object),
    now: context.clock.now(),
  };
}

function othersDown(
  { health, pipelines }: Pick<ControllerContext, 'health' | 'pipelines'>,
  { namespace, name }: CompiledBackend,
): number {
  const others = pipelines.storageBackendsOf(namespace).filter((other) => other.name !== name);
  return others.filter((other) => health.problem(other) !== undefined).length;
}

function graceOf(
  graces: GracePeriods<BackendKey>,
  { object, problem, backend }: Pick<BackendSnapshot, 'backend' | 'problem'> & { readonly object: unknown },
): number | undefined {
  if (backend === undefined) return undefined;
  const key = backendKey(backend);
  if (problem === undefined || !isAwaitedProblem(problem)) {
    graces.end(key);
    return undefined;
  }
  const { uid, generation } = backend;
  return secondsOfGrace(graces, { key, object, lack: { uid, generation, reason: problem.reason } });
}

/** A backend that exceeds a ceiling is not probed: nothing is sent to its host. */
async function problemOf(
  context: Pick<ControllerContext, 'drivers'>,
  backend: CompiledBackend,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  if (backend.exceeds === undefined) return probe(context, backend, signal);
  return { reason: reasons.CeilingExceeded, message: backend.exceeds.message };
}

async function probe(
  { drivers }: Pick<ControllerContext, 'drivers'>,
  backend: CompiledBackend,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const { ready, reason, message } = await drivers.driver(backend).probe(signal);
  if (ready) return undefined;
  return { reason: reason ?? reasons.BackendNotReady, message: message ?? 'the backend is not ready' };
}

function untakenBy({ pipelines }: Pick<ControllerContext, 'pipelines'>, backend: CompiledBackend): readonly string[] {
  return pipelines.untakenBy(backend).map(({ policy, message }) => `${describePolicy(policy)}: ${message}`);
}
