// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { Installation } from '../harness/installation.ts';
import { waitUntil } from '../testbed/processes/wait-until.ts';

const LEVEL = 'tenants';

/**
 * Sizes the API server's concurrency for tenants as an administrator would for a machine of two cores: three requests of theirs are served
 * at a time, each user's in turn. The default of 245 suits an API server with a hundred cores; a few dozen writes at once already take two
 * cores whole, and no level of the operator's own helps it to a core.
 */
export async function giveTenantsFewSeats(installation: Installation): Promise<void> {
  const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
  const queuing = { queues: 64, handSize: 6, queueLengthLimit: 100 };
  const limited = {
    nominalConcurrencyShares: 1,
    lendablePercent: 0,
    borrowingLimitPercent: 0,
    limitResponse: { type: 'Queue', queuing },
  };
  const all = { apiGroups: ['*'], resources: ['*'], verbs: ['*'], namespaces: ['*'], clusterScope: true };
  await installation.apply(
    { apiVersion, kind: 'PriorityLevelConfiguration', metadata: { name: LEVEL }, spec: { type: 'Limited', limited } },
    {
      apiVersion,
      kind: 'FlowSchema',
      metadata: { name: LEVEL },
      spec: {
        // After the operator's (1000), before that of all ServiceAccounts (9000).
        matchingPrecedence: 2000,
        distinguisherMethod: { type: 'ByUser' },
        priorityLevelConfiguration: { name: LEVEL },
        rules: [{ subjects: [{ kind: 'Group', group: { name: 'system:serviceaccounts' } }], resourceRules: [all] }],
      },
    },
  );
  await waitUntil('the API server has a level for tenants', async () => {
    const seats = (await metrics(installation)).seats(LEVEL);
    return seats > 0 && seats <= 4;
  });
}

/** The requests of the operator were served at a level of their own, and none was refused; those of tenants had to wait at theirs. */
export async function assertSeated(installation: Installation): Promise<string> {
  const { dispatched, rejected, waitMs } = await metrics(installation);
  const operator = 'hallmark-system-hallmark';
  assert.ok(dispatched(operator) > 0, 'the operator has a level of its own');
  assert.ok(dispatched(LEVEL) > 0, 'so have the tenants');
  assert.equal(rejected(operator), 0);
  const mean = (level: string): string => (waitMs(level) / dispatched(level)).toFixed(1);
  return `the API server had ${dispatched(operator)} requests of the operator wait for ${mean(operator)} ms, and ${dispatched(LEVEL)} of tenants for ${mean(LEVEL)} ms`;
}

/** Sums of the API server's own metrics of a level. */
async function metrics(installation: Installation) {
  const { stdout } = await installation.kubectl(['get', '--raw', '/metrics']);
  const lines = stdout.split('\n').filter((line) => line.startsWith('apiserver_flowcontrol_'));
  const sum = (name: string, level: string): number =>
    lines
      .filter((line) => line.startsWith(`apiserver_flowcontrol_${name}{`) && line.includes(`priority_level="${level}"`))
      .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  return {
    seats: (level: string): number => sum('nominal_limit_seats', level),
    dispatched: (level: string): number => sum('dispatched_requests_total', level),
    rejected: (level: string): number => sum('rejected_requests_total', level),
    waitMs: (level: string): number => 1000 * sum('request_wait_duration_seconds_sum', level),
  };
}
