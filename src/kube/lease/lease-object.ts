// SPDX-License-Identifier: Apache-2.0
import { type LeaseRecord, microTime } from './lease-record.ts';

/** A Lease to write. */
export interface LeaseObject {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly resourceVersion?: string };
  readonly spec: Readonly<Record<string, string | number>>;
}

/** The claimant of a Lease, and the time of the claim. */
export interface LeaseClaim {
  readonly identity: string;
  readonly leaseDurationSeconds: number;
  readonly now: Date;
}

type LeaseName = Pick<LeaseObject['metadata'], 'namespace' | 'name'>;

/** The Lease with the claimant as its holder: renewed if it holds `current`, else claimed. */
export function claimedLease(name: LeaseName, current: LeaseRecord | undefined, claim: LeaseClaim): LeaseObject {
  const { identity, leaseDurationSeconds } = claim;
  const now = microTime(claim.now);
  const isRenewal = current?.holder === identity;
  return leaseObject(name, current, {
    holderIdentity: identity,
    leaseDurationSeconds,
    renewTime: now,
    acquireTime: isRenewal ? current.acquireTime : now,
    leaseTransitions: (current?.transitions ?? 0) + (isRenewal || current === undefined ? 0 : 1),
  });
}

/** The Lease without a holder, in the form in which client-go releases it. */
export function releasedLease(name: LeaseName, current: LeaseRecord, now: Date): LeaseObject {
  const { acquireTime, transitions: leaseTransitions } = current;
  const renewTime = microTime(now);
  const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime, acquireTime, leaseTransitions };
  return leaseObject(name, current, spec);
}

function leaseObject(
  { namespace, name }: LeaseName,
  current: LeaseRecord | undefined,
  spec: LeaseObject['spec'],
): LeaseObject {
  const version = current === undefined ? {} : { resourceVersion: current.resourceVersion };
  return { metadata: { namespace, name, ...version }, spec };
}
