// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GuardedRun, Hold } from '../memory/runs/guarded-runs.ts';
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import { type GuardPlan, planGuard } from './plan-guard.ts';

const NOW = Date.parse('2026-01-31T12:10:00Z');
const DELETED = NOW - 60_000;
const hold: Hold = { record: 'team-a/bake', timeoutSeconds: 600, keepsChildren: false };
const short: Hold = { ...hold, record: 'team-a/bake-2', timeoutSeconds: 30 };
const parentHold: Hold = { record: 'team-a/ship', timeoutSeconds: 600, keepsChildren: true };
const held = [DELETION_GUARD];

interface Case {
  readonly when: string;
  readonly run?: Partial<GuardedRun>;
  readonly parentHolds?: readonly Hold[];
  readonly stored?: readonly string[];
  readonly withPayload?: readonly string[];
  readonly isNamespaceEnding?: boolean;
  readonly plan: GuardPlan;
}

const release: GuardPlan = { action: 'Release', unstored: [] };
const abandoned = { deletedMs: DELETED, isFinished: false };

const cases: readonly Case[] = [
  { when: 'a policy holds it', plan: { action: 'Hold' } },
  { when: 'a policy holds it while it runs', run: { isFinished: false }, plan: { action: 'Hold' } },
  { when: 'it is kept already', run: { finalizers: held }, plan: { action: 'Keep' } },
  { when: 'no policy holds it', run: { holds: [] }, plan: { action: 'Forget' } },
  { when: 'no policy holds it any more', run: { holds: [], finalizers: held }, plan: release },
  { when: 'its record is stored', run: { finalizers: held }, stored: [hold.record], plan: release },
  { when: 'it was stored before it was seen', stored: [hold.record], plan: { action: 'Forget' } },
  {
    when: 'one of two records is stored',
    run: { finalizers: held, holds: [hold, short] },
    stored: [hold.record],
    plan: { action: 'Keep' },
  },
  {
    when: 'it is deleted, and its record has the payload alone',
    run: { finalizers: held, deletedMs: DELETED },
    withPayload: [hold.record],
    plan: { action: 'Keep', deadlineMs: DELETED + 600_000 },
  },
  {
    when: 'the deadline has passed',
    run: { finalizers: held, deletedMs: NOW - 600_000 },
    plan: { action: 'Release', unstored: [hold] },
  },
  {
    when: 'the deadline of one of two records has passed',
    run: { finalizers: held, deletedMs: DELETED, holds: [short, hold] },
    plan: { action: 'Keep', deadlineMs: DELETED + 600_000 },
  },
  {
    when: 'one record is stored, and the deadline of the other has passed',
    run: { finalizers: held, deletedMs: DELETED, holds: [short, hold] },
    stored: [hold.record],
    plan: { action: 'Release', unstored: [short] },
  },
  { when: 'it is deleted before it finished', run: { finalizers: held, ...abandoned }, plan: release },
  {
    when: 'it is deleted and never had the finalizer, of which the API server takes no new ones',
    run: { deletedMs: DELETED, finalizers: ['chains.tekton.dev'] },
    plan: { action: 'Forget' },
  },
  { when: 'its namespace is being deleted', run: { finalizers: held }, isNamespaceEnding: true, plan: release },
  {
    when: 'its PipelineRun has no payload yet',
    run: { holds: [] },
    parentHolds: [parentHold],
    plan: { action: 'Hold' },
  },
  {
    when: 'its PipelineRun has its payload, though it is stored nowhere',
    run: { holds: [], finalizers: held },
    parentHolds: [parentHold],
    withPayload: [parentHold.record],
    plan: release,
  },
];

describe('planGuard', () => {
  for (const { when, run, parentHolds = [], stored = [], withPayload = [], isNamespaceEnding = false, plan } of cases) {
    it(`decides to ${plan.action} when ${when}`, () => {
      const decided = planGuard({
        run: {
          key: 'TaskRun/team-a/bake/u',
          resourceVersion: '1',
          finalizers: [],
          isFinished: true,
          holds: [hold],
          ...run,
        },
        parentHolds,
        isStored: (record) => stored.includes(record),
        hasPayload: (record) => withPayload.includes(record),
        isNamespaceEnding,
        nowMs: NOW,
      });
      assert.deepEqual(decided, plan);
    });
  }
});
