// SPDX-License-Identifier: Apache-2.0
import { parseRunKey } from '../../tekton/run-key.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { GuardedRun } from '../memory/runs/guarded-runs.ts';
import type { GuardSnapshot } from './plan-guard.ts';

/** The part of the context that deciding about a guarded run needs. */
export type GuardContext = Pick<ControllerContext, 'clock' | 'guardedRuns' | 'pipelines' | 'recordRoom' | 'records'>;

/** Gathers everything that the decision about a guarded run needs, from memory. */
export function gatherGuard({ clock, guardedRuns, records }: GuardContext, run: GuardedRun): GuardSnapshot {
  return {
    run,
    parentHolds: guardedRuns.holdsOnChildren(run.parentUID),
    isStored: (key) => records.get(key)?.isSettled === true,
    hasPayload: (key) => {
      const record = records.get(key);
      return record?.isTrusted === true && !record.needsRun;
    },
    isNamespaceEnding: guardedRuns.isEnding(parseRunKey(run.key).namespace),
    nowMs: clock.now().getTime(),
  };
}
