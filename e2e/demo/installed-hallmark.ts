// SPDX-License-Identifier: Apache-2.0
import { at, listAt } from '../chart/helm.ts';

/** The traces of an installed Hallmark in a cluster: lists of Leases and of ValidatingAdmissionPolicies. */
export interface HallmarkTraces {
  readonly leases: unknown;
  readonly admissionPolicies: unknown;
}

const MEMBER = /-member-\d+$/;
/** Clocks differ, and the list took its time. */
const SPARE_MS = 30_000;

/**
 * Names the first trace of a Hallmark that works in the cluster, or that refuses the records of others; undefined if there is none. CRDs and
 * expired Leases count for nothing: an uninstalled Hallmark leaves them.
 */
export function installedHallmark({ leases, admissionPolicies }: HallmarkTraces, now: Date): string | undefined {
  const items = listAt(leases, 'items');
  const names = new Set(items.map(titleOf));
  // Other programs may name their Leases like those of members.
  const member = items.find((lease) => MEMBER.test(titleOf(lease)) && hasShard(names, lease) && isLive(lease, now));
  if (member !== undefined) return `a replica renews the Lease ${titleOf(member)}`;
  const guard = listAt(admissionPolicies, 'items').find(guardsRecords);
  if (guard !== undefined) return `the admission policy ${nameOf(guard)} lets only its operator write records`;
  return undefined;
}

function hasShard(names: ReadonlySet<string>, lease: unknown): boolean {
  const prefix = titleOf(lease).replace(MEMBER, '-shard-');
  return [...names].some((name) => name.startsWith(prefix));
}

function isLive(lease: unknown, now: Date): boolean {
  const renewed = Date.parse(String(at(lease, 'spec', 'renewTime')));
  const duration = Number(at(lease, 'spec', 'leaseDurationSeconds'));
  const isHeld = (at(lease, 'spec', 'holderIdentity') ?? '') !== '';
  return isHeld && now.getTime() - renewed < 2000 * duration + SPARE_MS;
}

function guardsRecords(policy: unknown): boolean {
  return listAt(policy, 'spec', 'matchConstraints', 'resourceRules').some(
    (rule) =>
      listAt(rule, 'apiGroups').includes('hallmark.dev') && listAt(rule, 'resources').includes('provenancerecords'),
  );
}

function nameOf(object: unknown): string {
  return String(at(object, 'metadata', 'name'));
}

function titleOf(object: unknown): string {
  return `${String(at(object, 'metadata', 'namespace'))}/${nameOf(object)}`;
}
