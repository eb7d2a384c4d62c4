// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { StatusFacts } from '../../records/status/record-facts.ts';
import { planRecord } from './plan-record.ts';
import type { RecordSnapshot } from './state/record-snapshot.ts';
import type { StoreStep } from './state/record-plan.ts';

/** The backends that the plan for a record stores in. */
export function plannedStores(snapshot: RecordSnapshot): readonly StoreStep[] {
  const plan = planRecord(snapshot);
  return plan.action === 'Advance' ? plan.store : [];
}

/** The facts of the plan for a record that is kept. */
export function plannedFacts(snapshot: RecordSnapshot): StatusFacts {
  const plan = planRecord(snapshot);
  assert.ok(plan.action !== 'Retire');
  return plan.facts;
}
