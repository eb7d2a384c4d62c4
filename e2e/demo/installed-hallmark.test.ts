// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { manifests } from '../chart/helm.ts';
import { installedHallmark } from './installed-hallmark.ts';

const now = new Date('2026-06-01T12:00:00Z');
const lease = (name: string, renewTime: string, holderIdentity = 'pod_1') => ({
  metadata: { name, namespace: 'hallmark-system' },
  spec: { holderIdentity, leaseDurationSeconds: 15, renewTime },
});
const just = '2026-06-01T11:59:50.000000Z';
const longAgo = '2026-06-01T11:50:00.000000Z';
const shard = lease('hallmark-shard-3', just);

const found = (leases: readonly object[], admissionPolicies: readonly object[] = []): string | undefined =>
  installedHallmark({ leases: { items: leases }, admissionPolicies: { items: admissionPolicies } }, now);

describe('an installed Hallmark', () => {
  it('is seen by a Lease that a replica renews', () => {
    const trace = 'a replica renews the Lease hallmark-system/hallmark-member-0';
    assert.equal(found([lease('hallmark-member-0', just), shard]), trace);
  });

  it('is seen by the admission policy of its chart', async () => {
    const policies = (await manifests()).filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
    assert.match(found([], policies) ?? '', /^the admission policy hallmark-system-hallmark-records /);
  });

  it('is not seen in what an uninstalled one leaves, nor in what others make', () => {
    assert.equal(found([]), undefined);
    assert.equal(found([lease('hallmark-member-0', longAgo), lease('hallmark-shard-3', longAgo)]), undefined);
    assert.equal(found([lease('hallmark-member-0', just, ''), shard]), undefined);
    assert.equal(found([lease('kafka-member-0', just)]), undefined);
    const other = { spec: { matchConstraints: { resourceRules: [{ apiGroups: ['apps'], resources: ['*'] }] } } };
    assert.equal(found([], [other, {}]), undefined);
  });
});
