// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import { holdsRuns } from '../../pipelines/selection/holds-runs.ts';
import { isFinished, maySelect } from '../../pipelines/selection/run-selection.ts';
import { recordKey } from '../../records/record-key.ts';
import { recordName } from '../../records/record-name.ts';
import { runKey } from '../../tekton/run-key.ts';
import type { RunSummary } from '../../tekton/run-summary.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { GuardedRun, Hold } from '../memory/runs/guarded-runs.ts';
import { waitsForRoom } from '../run/gather-run.ts';

/** Very many runs may have just this one. */
const ONLY_OURS: readonly string[] = [DELETION_GUARD];

type HoldingContext = Pick<ControllerContext, 'pipelines' | 'recordRoom'>;

/** A delivered run, with the records that policies keep it for. */
export function guardedRun(context: HoldingContext, run: RunSummary, now: Date): GuardedRun {
  const { resourceVersion, finalizers, finished, deletionTimestamp, pipelineRunUID } = run;
  return {
    key: runKey(run),
    resourceVersion,
    finalizers: finalizers.length === 1 && finalizers[0] === DELETION_GUARD ? ONLY_OURS : finalizers,
    isFinished: finished !== undefined,
    ...(deletionTimestamp === undefined ? {} : { deletedMs: Date.parse(deletionTimestamp) }),
    ...(pipelineRunUID === undefined ? {} : { parentUID: pipelineRunUID }),
    holds: holdsOfRun(context, run, now),
  };
}

function holdsOfRun(context: HoldingContext, run: RunSummary, now: Date): readonly Hold[] {
  return context.pipelines.forNamespace(run.namespace).flatMap(({ policy }): Hold[] => {
    if (!holdsRuns(policy)) return [];
    if (!maySelect(policy, run, now) && !(isFinished(run) && waitsForRoom(context, run, policy))) return [];
    return [
      {
        record: recordKey({ namespace: run.namespace, name: recordName(run, policy) }),
        timeoutSeconds: policy.spec.deletionGuard.timeoutSeconds,
        keepsChildren: run.kind === 'PipelineRun' && policy.spec.attestation.format !== 'None',
      },
    ];
  });
}
