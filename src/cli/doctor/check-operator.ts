// SPDX-License-Identifier: Apache-2.0
import { numberField, objectField, stringMapField } from '../../json/fields.ts';
import { DEPLOYMENTS } from '../../kube/cluster-resources.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { LEASES, type LeaseRecord } from '../../kube/lease/lease-record.ts';
import { parseMetadata } from '../../kube/object-metadata.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type Check, checkOf, seen } from './check.ts';

const check = checkOf('operator');
/** Finds the operator's Deployment. */
export const OPERATOR_SELECTOR = 'app.kubernetes.io/name=hallmark';
/** Names the replica that works for a part of the namespaces. */
const SHARD = /^(.+)-shard-\d+$/;
/** Renewed by a replica while it works. */
const MEMBER = /^(.+)-member-\d+$/;
const MAX_AHEAD_MS = 5000;
/** The time that a shard may take to change hands. A replica takes those of one that crashed after the 15 s of its Lease. */
const HANDOVER_MS = 20_000;
const LOOK_AGAIN_MS = 500;

export interface OperatorScope {
  readonly operatorNamespace: string;
  /** The version of this command. */
  readonly version: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A Lease and its namespace. */
interface FoundLease {
  readonly namespace: string;
  readonly lease: LeaseRecord;
}

const FOUND_LEASES = {
  ...LEASES,
  parse: (object: unknown): FoundLease => ({
    namespace: parseMetadata(object).namespace ?? '',
    lease: LEASES.parse(object),
  }),
};

/**
 * Judges the operator's Deployment, its Leases, and whether another one runs in the cluster. Where replicas work and a shard has none, it waits
 * until one takes that shard: right after an installation, and whenever a replica starts or ends, shards change hands.
 */
export async function checkOperator(
  client: Pick<KubeClient, 'listAll'>,
  scope: OperatorScope,
): Promise<readonly Check[]> {
  const { operatorNamespace: namespace, clock, signal } = scope;
  const deployments = await seen(client.listAll(DEPLOYMENTS, { namespace, labelSelector: OPERATOR_SELECTOR, signal }));
  const endMs = clock.monotonicMs() + HANDOVER_MS;
  const everywhere = await seen(client.listAll(FOUND_LEASES, { signal }));
  // Each node has a Lease too, so that those of all namespaces are listed once.
  const ownNow = (): Promise<readonly FoundLease[] | undefined> =>
    seen(client.listAll(FOUND_LEASES, { namespace, signal }));
  let own = everywhere?.filter((each) => each.namespace === namespace) ?? (await ownNow());
  while (areChangingHands(own, clock.now()) && clock.monotonicMs() < endMs) {
    await clock.sleep(LOOK_AGAIN_MS, signal);
    own = await ownNow();
  }
  return [deploymentCheck(deployments, scope), leasesCheck(own, scope), secondCheck(everywhere, scope)];
}

function areChangingHands(leases: readonly FoundLease[] = [], now: Date): boolean {
  const members = liveMembers(leases, now);
  return members.length > 0 && idleShards(leases, members).length > 0;
}

function shardsIn(leases: readonly FoundLease[]): readonly FoundLease[] {
  return leases.filter(({ lease }) => SHARD.test(lease.name));
}

/** The shards that none of these replicas works for. */
function idleShards(leases: readonly FoundLease[], members: readonly FoundLease[]): readonly FoundLease[] {
  const holders = new Set(members.map(({ lease }) => lease.holder));
  return shardsIn(leases).filter(({ lease }) => !holders.has(lease.holder));
}

function deploymentCheck(
  deployments: readonly unknown[] | undefined,
  { operatorNamespace, version }: OperatorScope,
): Check {
  const subject = `Deployment in ${operatorNamespace}`;
  if (deployments === undefined)
    return check(subject, 'Unseen', `you may not list deployments in ${operatorNamespace}`);
  const [deployment] = deployments;
  if (deployment === undefined)
    return check(
      subject,
      'Warning',
      `no Deployment has the label ${OPERATOR_SELECTOR}: install the chart, or pass --operator-namespace`,
    );
  const wanted = numberField(objectField(deployment, 'spec'), 'replicas') ?? 1;
  const available = numberField(objectField(deployment, 'status'), 'availableReplicas') ?? 0;
  const replicas = `${available} of ${wanted} replicas are available`;
  if (available === 0) return check(subject, 'Failed', `${replicas}: look at its Events and logs`);
  const running = stringMapField(objectField(deployment, 'metadata'), 'labels')['app.kubernetes.io/version'] ?? version;
  if (running !== version)
    return check(subject, 'Warning', `${replicas}; it is version ${running}, and this command is ${version}`);
  return check(subject, available < wanted ? 'Warning' : 'OK', replicas);
}

function leasesCheck(leases: readonly FoundLease[] | undefined, { operatorNamespace, clock }: OperatorScope): Check {
  const subject = `Leases in ${operatorNamespace}`;
  if (leases === undefined) return check(subject, 'Unseen', `you may not list leases in ${operatorNamespace}`);
  const shards = shardsIn(leases);
  if (shards.length === 0)
    return check(subject, 'Warning', 'no replica shares work by Leases: none runs, or leader election is off');
  const now = clock.now();
  const members = liveMembers(leases, now);
  const idle = idleShards(leases, members);
  if (idle.length > 0) {
    const message = `${idle.length} of ${shards.length} shards have no replica at work: their namespaces are not signed`;
    return check(subject, 'Failed', message);
  }
  const aheadMs = Math.max(...members.map(({ lease }) => Date.parse(lease.renewTime) - now.getTime()));
  if (aheadMs > MAX_AHEAD_MS) {
    const message = `the clock of the operator is ${Math.round(aheadMs / 1000)} seconds ahead of this machine`;
    return check(subject, 'Warning', message);
  }
  return check(subject, 'OK', `all ${shards.length} shards are held; replicas at work: ${members.length}`);
}

/** The Leases of replicas that renewed them within twice their time: clocks differ, and the list took its time. */
function liveMembers(leases: readonly FoundLease[], now: Date): readonly FoundLease[] {
  return leases.filter(
    ({ lease: { name, holder, renewTime, leaseDurationSeconds } }) =>
      MEMBER.test(name) && holder !== '' && now.getTime() - Date.parse(renewTime) < 2 * leaseDurationSeconds * 1000,
  );
}

function secondCheck(leases: readonly FoundLease[] | undefined, { operatorNamespace, clock }: OperatorScope): Check {
  const subject = 'a second operator';
  if (leases === undefined) return check(subject, 'Unseen', 'you may not list leases in every namespace');
  const others = liveMembers(leases, clock.now()).filter(
    ({ namespace, lease }) => namespace !== operatorNamespace && hasShards(leases, namespace, lease.name),
  );
  const namespaces = [...new Set(others.map(({ namespace }) => namespace))];
  if (namespaces.length === 0) return check(subject, 'OK', 'no other operator is at work');
  const message = `another operator is at work from ${namespaces.join(', ')}: both must watch different namespaces`;
  return check(subject, 'Warning', message);
}

/** Other programs may name their Leases like those of members. */
function hasShards(leases: readonly FoundLease[], namespace: string, member: string): boolean {
  const prefix = MEMBER.exec(member)?.[1];
  return leases.some((each) => each.namespace === namespace && SHARD.exec(each.lease.name)?.[1] === prefix);
}
