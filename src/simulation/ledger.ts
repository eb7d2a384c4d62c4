// SPDX-License-Identifier: Apache-2.0
import { type JsonObject, field, listField, objectField, stringField } from '../json/fields.ts';
import { recordName } from '../records/record-name.ts';
import { backendKind, plurals, policyKind } from './manifests.ts';
import { guardDebts } from './guard-watch.ts';
import type { ModelCluster } from './model/cluster.ts';
import type { ModelStore } from './model/store.ts';
import type { BackendPlan, PolicyPlan, WorldPlan } from './world-plan.ts';

export interface Books {
  readonly plan: WorldPlan;
  readonly cluster: ModelCluster;
  readonly store: (kind: string, namespace: string, name: string) => ModelStore | undefined;
}

/** Work that the operator still owes: a record of a run, or a part of one. */
export interface Debt {
  /** The key of the run or record. */
  readonly key: string;
  readonly namespace: string;
  readonly kind: 'Record' | 'Signature' | 'Storage' | 'Verification' | 'Payload' | 'Guard';
  readonly what: () => string;
  /** The store, if the work concerns one. */
  readonly store?: ModelStore;
}

/** Lists all work owed now for the existing runs and records. */
export function debts(books: Books): readonly Debt[] {
  return [
    ...missingRecords(books),
    ...guardDebts(books),
    ...books.cluster.list(plurals.ProvenanceRecord).flatMap((record) => recordDebts(books, record)),
  ];
}

const recordNames = new WeakMap<PolicyPlan, Map<string, string>>();

/** Caches `recordName`, which hashes: every inspection needs the same names. */
export function recordNameOf(run: { readonly name: string; readonly uid: string }, policy: PolicyPlan): string {
  const policyNames = recordNames.get(policy) ?? new Map<string, string>();
  recordNames.set(policy, policyNames);
  const name = policyNames.get(run.uid) ?? recordName(run, { ...policy, kind: policyKind(policy) });
  policyNames.set(run.uid, name);
  return name;
}

/** Lists the existing runs that lack a record of a policy that selects them. */
function missingRecords({ plan, cluster }: Books): readonly Debt[] {
  return cluster.list(plurals.TaskRun).flatMap((run) => {
    const { namespace, name, uid } = identityOf(run);
    if (run['status'] === undefined) return [];
    return plan.policies.flatMap((policy): Debt[] => {
      if (policy.namespace !== '' && policy.namespace !== namespace) return [];
      const record = recordNameOf({ name, uid }, policy);
      if (cluster.get(plurals.ProvenanceRecord, { namespace, name: record }) !== undefined) return [];
      const key = `TaskRun/${namespace}/${name}/${uid}`;
      return [
        {
          key,
          namespace,
          kind: 'Record',
          what: () => `run ${namespace}/${name} has no record of policy ${policy.name}`,
        },
      ];
    });
  });
}

function recordDebts(books: Books, record: JsonObject): readonly Debt[] {
  const { namespace, name } = identityOf(record);
  const key = `${namespace}/${name}`;
  const artifacts = listField(record['evidence'], 'artifacts');
  const hasRun = books.cluster.get(plurals.TaskRun, { namespace, name: runOf(record) }) !== undefined;
  if (artifacts.length === 0) {
    return hasRun ? [{ key, namespace, kind: 'Signature', what: () => `record ${key} has no payload` }] : [];
  }
  if (artifacts.some((artifact) => field(artifact, 'signature') === undefined))
    return [
      { key, namespace, kind: 'Signature', what: () => `record ${key} is not signed: ${conditionOf(record, 'Ready')}` },
    ];
  const refs = listField(record['spec'], 'backendRefs');
  if (refs.length === 0) return [{ key, namespace, kind: 'Storage', what: () => `record ${key} has no backends` }];
  return [
    ...refs.flatMap((ref) => backendDebts(books, { record, key, hasRun }, ref)),
    ...(isToBeLighter(record)
      ? [{ key, namespace, kind: 'Payload' as const, what: () => `record ${key} keeps a payload` }]
      : []),
  ];
}

/** True when a record still holds a payload that every backend gave back. Annotations may go before they are read back, with their run. */
function isToBeLighter(record: JsonObject): boolean {
  const holdsPayload = listField(record['evidence'], 'artifacts').some(
    (each) => field(each, 'type') === 'Attestation' && field(each, 'payload') !== undefined,
  );
  return holdsPayload && field(record['spec'], 'evidence') === 'UntilStored' && isReadBack(record);
}

/** True when the status says that all backends hold the evidence and gave it back. */
export function isReadBack(record: JsonObject): boolean {
  const storage = listField(record['status'], 'storage');
  const isVerified = (entry: unknown): boolean => field(field(entry, 'verification'), 'state') === 'Verified';
  return storage.length > 0 && storage.every((entry) => field(entry, 'state') === 'Stored' && isVerified(entry));
}

function backendDebts(
  { plan, store }: Books,
  { record, key, hasRun }: { readonly record: JsonObject; readonly key: string; readonly hasRun: boolean },
  ref: unknown,
): readonly Debt[] {
  const kind = stringField(ref, 'kind') ?? '';
  const name = stringField(ref, 'name') ?? '';
  const { namespace } = identityOf(record);
  const scope = kind === 'StorageBackend' ? namespace : '';
  const backend = plan.backends.find((each) => isNamed(each, { kind, namespace: scope, name }));
  const entry = listField(record['status'], 'storage').find(
    (each) => field(field(each, 'backendRef'), 'kind') === kind && field(field(each, 'backendRef'), 'name') === name,
  );
  // The annotations are deleted with their run.
  if (backend?.type === 'Tekton' && !hasRun) return [];
  const where = store(kind, scope, name);
  const at = where === undefined ? {} : { store: where };
  if (field(entry, 'state') !== 'Stored')
    return [
      {
        key,
        namespace,
        kind: 'Storage',
        what: () => `record ${key} is not stored in ${name}: ${JSON.stringify(entry)}`,
        ...at,
      },
    ];
  if (field(field(entry, 'verification'), 'state') !== 'Verified')
    return [
      {
        key,
        namespace,
        kind: 'Verification',
        what: () => `record ${key} is not verified in ${name}: ${JSON.stringify(entry)}`,
        ...at,
      },
    ];
  const missing = listField(entry, 'locations').find(
    (location) => where !== undefined && where.at(stringField(location, 'uri') ?? '') === undefined,
  );
  if (missing === undefined) return [];
  return [
    { key, namespace, kind: 'Storage', what: () => `record ${key} says Stored and ${name} holds nothing of it`, ...at },
  ];
}

function isNamed(backend: BackendPlan, named: { kind: string; namespace: string; name: string }): boolean {
  return backend.name === named.name && backend.namespace === named.namespace && backendKind(backend) === named.kind;
}

export function identityOf(object: JsonObject): {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
} {
  const metadata = objectField(object, 'metadata');
  const text = (name: string): string => stringField(metadata, name) ?? '';
  return { namespace: text('namespace'), name: text('name'), uid: text('uid') };
}

function runOf(record: JsonObject): string {
  return stringField(field(record['spec'], 'runRef'), 'name') ?? '';
}

function conditionOf(record: JsonObject, type: string): string {
  const condition = listField(record['status'], 'conditions').find((each) => field(each, 'type') === type);
  return `${stringField(condition, 'reason') ?? 'no condition'}: ${stringField(condition, 'message') ?? ''}`;
}
