// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { ProvenanceRecord } from '../../../src/api/v1alpha1/provenance-record/schema.ts';
import { hallmarkResource } from '../../../src/kube/hallmark-resource.ts';
import { asManifest, at, type Manifest } from '../../chart/helm.ts';
import { KEY_SECRET } from '../../harness/team.ts';
import { storageOf } from '../../harness/record.ts';
import { managedRuns } from '../../resilience/managed-runs.ts';
import { CommandFailed } from '../../testbed/processes/run-command.ts';
import { waitUntil } from '../../testbed/processes/wait-until.ts';
import type { Arena } from '../arena.ts';

export type Kind = 'SigningPolicy' | 'StorageBackend';

/** The digest of an image that was never built. */
export const DIGEST = `sha256:${'ab'.repeat(32)}`;

export function soon(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(60_000) };
}

/** A policy that selects the runs with this label, and stores nowhere but in the run. */
export function policySpec(label: string, spec: object = {}): object {
  return {
    ...managedRuns,
    selector: { matchLabels: { attack: label } },
    signer: { type: 'Key', key: { secretRef: { name: KEY_SECRET } } },
    backendRefs: [{ kind: 'StorageBackend', name: 'tekton' }],
    ...spec,
  };
}

/** Creates an object in the attacker's namespace, or another. */
export async function put(
  arena: Arena,
  kind: Kind,
  {
    name,
    namespace = arena.bed.team.name,
    spec,
  }: { readonly name: string; readonly namespace?: string; readonly spec: object },
): Promise<void> {
  await arena.bed.client.create(hallmarkResource(kind), { metadata: { name, namespace }, ...{ spec } }, soon());
}

/** The member of the team tries to apply an object. @returns the API server's refusal, undefined when it is taken */
export async function refusalOf(arena: Arena, object: object): Promise<string | undefined> {
  try {
    await arena.member.kubectl(['create', '--dry-run=server', '--validate=strict', '-f', '-'], {
      stdin: JSON.stringify(object),
    });
    return undefined;
  } catch (error) {
    if (error instanceof CommandFailed) return error.stderr;
    throw error;
  }
}

/** Waits until the object's condition Ready is False. @returns its reason and message */
export async function notReady(
  arena: Arena,
  kind: Kind,
  { name, namespace = arena.bed.team.name }: { readonly name: string; readonly namespace?: string },
  why?: RegExp,
): Promise<string> {
  return waitUntil(`${kind} ${name} is not ready`, async () => {
    const object = asManifest(await arena.bed.client.get(hallmarkResource(kind), { namespace, name }, soon()));
    const text = readyText(object);
    return text !== undefined && (why === undefined || why.test(text)) ? text : undefined;
  });
}

function readyText(object: Manifest): string | undefined {
  const conditions = at(object, 'status', 'conditions');
  const known: readonly unknown[] = Array.isArray(conditions) ? conditions : [];
  const ready = known.find((one) => at(one, 'type') === 'Ready');
  return at(ready, 'status') === 'False'
    ? `${String(at(ready, 'reason'))}: ${String(at(ready, 'message'))}`
    : undefined;
}

/** The entry of a record for a backend that did not take it. */
export function refusedBy(record: ProvenanceRecord, backend: string): string {
  const entry = storageOf(record, backend);
  assert.notEqual(entry?.state, 'Stored');
  return `${entry?.reason}: ${entry?.message}`;
}

/** The labels of a run that a policy of an attack selects, and no other: two policies that store in one run are in conflict. */
export function attackLabels(
  { bed }: Arena,
  labels: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const others = Object.keys(bed.team.releaseLabel).map((name) => [name, 'false'] as const);
  return 'attack' in labels ? { ...labels, ...Object.fromEntries(others) } : labels;
}

/** A finished run of the attacker's. @param results those that name an image by default */
export async function finishedRun(
  arena: Arena,
  name: string,
  {
    labels = {},
    results = [],
    status = {},
  }: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly results?: readonly unknown[];
    readonly status?: object;
  } = {},
): Promise<{ readonly name: string; readonly uid: string }> {
  const run = await arena.bed.runs.create({ name, labels: attackLabels(arena, labels) });
  await arena.bed.runs.finish(run, { results, status });
  return { name, uid: String(at(run, 'metadata', 'uid')) };
}

/** Results that say that an image was built. */
export function imageOf(url: string, digest = DIGEST): readonly object[] {
  return [
    { name: 'IMAGE_URL', type: 'string', value: url },
    { name: 'IMAGE_DIGEST', type: 'string', value: digest },
  ];
}

/** Waits until the record of a run and one of the attacker's policies is as the predicate says. */
export function recordOf(
  { bed }: Arena,
  { policy, run }: { readonly policy: string; readonly run: { readonly name: string; readonly uid: string } },
  what: string,
  isSo: (record: ProvenanceRecord) => boolean,
): Promise<ProvenanceRecord> {
  return waitUntil(`the record of ${run.name} and policy ${policy} ${what}`, async () => {
    const record = await bed.record(run, bed.team, policy);
    return record !== undefined && isSo(record) ? record : undefined;
  });
}
