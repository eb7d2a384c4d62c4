// SPDX-License-Identifier: Apache-2.0
import { field, isObject } from '../../../json/fields.ts';
import { objectMetadata } from '../../../kube/object-metadata.ts';
import type { PolicyDefinition } from '../../../pipelines/definitions.ts';
import { DONE, type Outcome } from '../../../runtime/queue/outcome.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { replaceStatus } from '../../write-status.ts';
import { hallmarkResource } from '../../../kube/hallmark-resource.ts';
import type { TrustedRecord } from '../../../records/read-record.ts';
import { policyKey, describePolicy, type PolicyName } from '../../../pipelines/policy-key.ts';
import { namespaceOfRecord, recordKey, type RecordKey } from '../../../records/record-key.ts';
import { runKey, type RunKey } from '../../../tekton/run-key.ts';

/** The part of the context that retiring a record needs. */
export type RetiringContext = Pick<
  ControllerContext,
  'client' | 'fence' | 'observer' | 'pipelines' | 'records' | 'retirementMarks' | 'runs' | 'statusLine' | 'writer'
>;

/** A record that retires, in exactly the version that was decided about. */
export interface RetiringRecord {
  readonly key: RecordKey;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly policy: PolicyName;
  readonly runKey: RunKey;
  readonly completionTime: string;
}

/**
 * Deletes a record that retires. Before that, its policy records that runs which finished by then have retired (`status.retiredBefore`), so
 * that a longer retention or a clock that goes back does not sign them a second time.
 */
export async function retireRecord(
  context: RetiringContext,
  record: RetiringRecord,
  why: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const waitSeconds = await markRetired(context, record, signal);
  if (waitSeconds !== undefined) return { requeueAfterSeconds: waitSeconds };
  const { key } = record;
  // Lets the event handler know that the run is out of scope, so that it need not be read again.
  context.records.setRetiring(key, true);
  try {
    if (await context.writer.delete(record, signal)) context.observer.recordRetired({ key, why });
  } catch (error) {
    context.records.setRetiring(key, false);
    throw error;
  }
  return DONE;
}

/** The part of a record that retirement needs. */
export function retiringRecord({ object: { metadata, spec }, policy }: TrustedRecord): RetiringRecord {
  const { uid, resourceVersion } = metadata;
  const { completionTime, runRef } = spec;
  const run = runKey({ ...runRef, namespace: metadata.namespace });
  return { key: recordKey(metadata), uid, resourceVersion, policy, runKey: run, completionTime };
}

/** @returns seconds to wait while the policy's mark is not written; undefined when the record may be deleted */
async function markRetired(
  context: RetiringContext,
  record: RetiringRecord,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { completionTime, policy: name, runKey: run } = record;
  // A deleted run never comes back, and needs no mark.
  if (context.runs.has(run) === false) return undefined;
  const policy = context.pipelines.policy(name);
  if (policy === undefined) {
    // Without a policy there is no status: memory passes the mark on to a policy that is created again.
    context.pipelines.retired(name, completionTime);
    return undefined;
  }
  if (isCovered(policy, completionTime)) return undefined;
  const key = policyKey(policy);
  const waitSeconds = context.retirementMarks.want(key, completionTime);
  if (waitSeconds > 0) return waitSeconds;
  context.retirementMarks.begin(key, policy.spec.record);
  try {
    await writeMark(context, { policy, record }, signal);
  } catch (error) {
    context.retirementMarks.failed(key);
    throw error;
  }
  return undefined;
}

function isCovered({ retiredBefore }: PolicyDefinition, completionTime: string): boolean {
  return retiredBefore !== undefined && Date.parse(completionTime) <= Date.parse(retiredBefore);
}

async function writeMark(
  context: RetiringContext,
  { policy, record: { key } }: { readonly policy: PolicyDefinition; readonly record: RetiringRecord },
  signal: AbortSignal,
): Promise<void> {
  const { kind, namespace, name } = policy;
  const resource = hallmarkResource(kind);
  const wanted = context.retirementMarks.wanted(policyKey(policy));
  const objectName = namespace === '' ? { name } : { namespace, name };
  const object = await context.client.find(resource, objectName, { signal });
  const metadata = objectMetadata(object);
  if (metadata === undefined || wanted === undefined) throw new Error(`${describePolicy(policy)} is gone`);
  const before = field(object, 'status');
  const retiredBefore = later(wanted, field(before, 'retiredBefore'));
  const status = { ...(isObject(before) ? before : {}), retiredBefore };
  const onBehalfOf = namespaceOfRecord(key);
  const written = await replaceStatus(context, resource, { metadata, status, onBehalfOf }, signal);
  if (field(field(written, 'status'), 'retiredBefore') !== retiredBefore) {
    throw new Error(
      `the API server does not keep status.retiredBefore of ${describePolicy(policy)}, and its records do not retire without it: install the CRDs of this version`,
    );
  }
  context.pipelines.retired(policy, retiredBefore);
}

/** Another replica may have retired later runs of a cluster policy. */
function later(wanted: string, written: unknown): string {
  return typeof written === 'string' && Date.parse(written) > Date.parse(wanted) ? written : wanted;
}
